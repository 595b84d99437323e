"""Retrieval benchmarks as tiny folders, and an embedder that sees coarse colours alone."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from houndstooth.mappings.errors import InvalidImage
from houndstooth.mappings.features import WHOLE_IMAGE, Box

COLOURS = {"red": (200, 30, 30), "green": (30, 180, 40), "blue": (30, 60, 220), "grey": (130,) * 3}


class ColourEmbedder:
    """Mean colours of a 4 × 4 grid, in the box; counts what it embeds."""

    model = "colours-1"
    thresholds = np.full(48, 100, dtype=np.float32)

    def __init__(self) -> None:
        self.embedded = 0

    def decode(self, data: bytes) -> Image.Image:
        try:
            return Image.open(io.BytesIO(data)).convert("RGB")
        except UnidentifiedImageError as error:
            raise InvalidImage(str(error)) from None

    def recognise(
        self, images: Sequence[Image.Image], categories: None, boxes: Sequence[Box | None]
    ) -> list[Image.Image]:
        edges = [(box or WHOLE_IMAGE).as_list() for box in boxes]
        return [
            image.crop(
                (
                    round(x * image.width),
                    round(y * image.height),
                    round((x + w) * image.width),
                    round((y + h) * image.height),
                )
            )
            for image, (x, y, w, h) in zip(images, edges, strict=True)
        ]

    def embed(self, items: Sequence[Image.Image]) -> np.ndarray:
        self.embedded += len(items)
        small = [np.asarray(item.resize((4, 4), Image.Resampling.BOX)) for item in items]
        return np.stack(small).reshape(len(items), -1).astype(np.float32)


def draw(path: Path, colour: str, shade: int = 0, box: tuple[int, int, int, int] | None = None):
    """A picture of one colour; with a box, that colour in it and grey around."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = tuple(min(255, part + shade) for part in COLOURS[colour])
    image = Image.new("RGB", (40, 32), tone if box is None else COLOURS["grey"])
    if box is not None:
        image.paste(tone, box)
    image.save(path, "JPEG" if path.suffix in ("", ".jpeg") else None)


def in_shop(root: Path) -> None:
    rows = []
    for number, colour in enumerate(("red", "green", "blue")):
        for view, status in enumerate(("query", "gallery", "gallery")):
            name = f"WOMEN/Dresses/id_{number:08d}/01_{view}_front.jpg"
            draw(root / "Img/img" / name, colour, 8 * view)
            rows.append(f"img/{name} id_{number:08d} {status}")
    rows.append("img/MEN/Denim/id_00000009/01_1_front.jpg id_00000009 train")
    (root / "Eval").mkdir()
    head = f"{len(rows)}\nimage_name   item_id evaluation_status\n"
    (root / "Eval/list_eval_partition.txt").write_text(head + "\n".join(rows) + "\n")


def street2shop(root: Path) -> None:
    """Two categories; a street photo of a red dress and a blue bag, both on grey."""
    lists = root / "meta/json"
    lists.mkdir(parents=True)
    draw(root / "images/000000001.jpg", "red", box=(4, 4, 20, 16))
    draw(root / "images/000000002", "blue", box=(20, 16, 40, 32))
    shop = {"dresses": {3: (30, "red"), 4: (31, "green"), 5: (31, "green")}}
    shop["bags"] = {6: (32, "blue"), 7: (33, "grey"), 8: (33, "grey")}
    for category, photos in shop.items():
        for photo, (_, colour) in photos.items():
            draw(root / f"images/{photo:09d}.jpg", colour, 2 * photo)
        entries = [{"photo": photo, "product": product} for photo, (product, _) in photos.items()]
        (lists / f"retrieval_{category}.json").write_text(json.dumps(entries))
    boxes = {
        "dresses": (1, 30, {"left": 4, "top": 4, "width": 16, "height": 12}),
        "bags": (2, 32, {"left": 20, "top": 16, "width": 20, "height": 16}),
    }
    for category, (photo, product, box) in boxes.items():
        entries = [{"photo": photo, "product": p, "bbox": box} for p in (product, 99)]
        (lists / f"test_pairs_{category}.json").write_text(json.dumps(entries))
        (lists / f"train_pairs_{category}.json").write_text("[]")


def fashion200k(root: Path) -> None:
    """Dresses of three colours; each test query asks for another colour."""
    (root / "labels").mkdir(parents=True)
    for split, numbers in (("train", range(3)), ("test", range(3, 5))):
        lines = []
        for colour in ("red", "green", "blue"):
            for number in numbers:
                name = f"women/dresses/{colour}/{number}/{number}_0.jpeg"
                draw(root / name, colour, number)
                lines.append(f"{name}\t0.9\t{colour} lace dress ")
        (root / f"labels/dress_{split}_detect_all.txt").write_text("\n".join(lines) + "\n")
    pairs = [("red", "green"), ("green", "blue"), ("blue", "red")]
    one, other = ("women/dresses/{}/3/3_0.jpeg", "women/dresses/{}/4/4_0.jpeg")
    lines = [f"{one.format(source)} {other.format(target)}\n" for source, target in pairs]
    (root / "test_queries.txt").write_text("".join(lines))


def holidays(root: Path) -> None:
    for group, colour in enumerate(("red", "green", "blue")):
        for number in range(2 + group):
            draw(root / f"jpg/1{group:03d}{number:02d}.jpg", colour, 6 * number)


def ukbench(root: Path) -> None:
    for number, colour in enumerate(c for c in ("red", "green", "blue") for _ in range(4)):
        draw(root / f"full/ukbench{number:05d}.jpg", colour, 3 * (number % 4))
    draw(root / "thumbnails/ukbench00000.th.jpg", "red")


FOLDERS = {
    "in-shop": in_shop,
    "street2shop": street2shop,
    "fashion200k": fashion200k,
    "holidays": holidays,
    "ukbench": ukbench,
}
