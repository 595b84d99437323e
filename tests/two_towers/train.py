"""The recipe of a small two-tower encoder: a convolutional network and a mean of word vectors.

Both are trained together to tell which picture belongs to which title, by the symmetric contrastive
loss of CLIP (Radford et al. 2021). What comes out is what published encoders consist of: two ONNX
files, ``tokenizer.json`` and ``preprocessor_config.json``.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from torch import Tensor, nn
from torch.nn import functional

from tests.two_towers.drawn import Drawn, foreign

SIDE, DIMENSION, LENGTH, PAD, UNKNOWN = 48, 128, 16, 0, 1
BATCH = 128


class ImageTower(nn.Module):
    """Embed pictures, float32 [n, 3, SIDE, SIDE] in [−1, 1], to [n, DIMENSION]."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 16, 32, 64, 96)
        self.maps = nn.Sequential(
            *(
                nn.Sequential(nn.Conv2d(a, b, 3, stride=2, padding=1), nn.BatchNorm2d(b), nn.ReLU())
                for a, b in pairwise(widths)
            )
        )
        self.last = nn.Linear(96 * 3 * 3, DIMENSION)

    def forward(self, pictures: Tensor) -> Tensor:
        embeddings: Tensor = self.last(self.maps(pictures).flatten(1))
        return embeddings


class TextTower(nn.Module):
    """Embed texts, ids int64 [n, LENGTH], to [n, DIMENSION]: the mean of vectors of their words."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.vectors = nn.Embedding(words, DIMENSION)
        self.last = nn.Linear(DIMENSION, DIMENSION)

    def forward(self, ids: Tensor) -> Tensor:
        said = (ids != PAD).unsqueeze(-1).float()
        mean = (self.vectors(ids) * said).sum(1) / said.sum(1).clamp(min=1)
        embeddings: Tensor = self.last(mean)
        return embeddings


def word_tokenizer(titles: Sequence[str]) -> Tokenizer:
    """Make a tokenizer of the words of titles, in small letters."""
    words = sorted({word for each in titles for word in re.findall(r"\w+|[^\w\s]+", each.lower())})
    ids = {"[PAD]": PAD, "[UNK]": UNKNOWN} | {word: n for n, word in enumerate(words, start=2)}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.enable_padding(pad_id=PAD, pad_token="[PAD]", length=LENGTH)
    tokenizer.enable_truncation(LENGTH)
    return tokenizer


def train(
    products: Sequence[Drawn],
    pictures: Sequence[Image.Image],
    folder: Path,
    steps: int,
    seed: int = 1,
) -> None:
    """Train both towers on products, and write the files of an encoder into a folder.

    Each title comes in two languages, of which Houndstooth's reader has but one.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # such small networks gain nothing by more
    rng = np.random.default_rng(seed)
    titles = [one.title for one in products]
    titles += [foreign(title) for title in titles]
    tokenizer = word_tokenizer(titles)
    ids = torch.tensor([each.ids for each in tokenizer.encode_batch(titles)])
    small = [np.asarray(each.resize((SIDE, SIDE), Image.Resampling.BICUBIC)) for each in pictures]
    pixels = torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2)
    image, text = ImageTower(), TextTower(tokenizer.get_vocab_size())
    scale = nn.Parameter(torch.tensor(2.5))
    parameters = [*image.parameters(), *text.parameters(), scale]
    optimiser = torch.optim.AdamW(parameters, lr=3e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, steps)
    for _ in range(steps):
        some = torch.from_numpy(rng.choice(len(products), BATCH, replace=False))
        seen = functional.normalize(image(_varied(pixels[some], rng)))
        language = len(products) * torch.randint(2, (BATCH,))
        said = functional.normalize(text(_with_words_left_out(ids[some + language])))
        likeness = scale.exp() * seen @ said.T
        right = torch.arange(BATCH)
        loss = functional.cross_entropy(likeness, right) + functional.cross_entropy(
            likeness.T, right
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    _write(image.eval(), text.eval(), tokenizer, folder)


def _varied(pixels: Tensor, rng: np.random.Generator) -> Tensor:
    """Mirror and shift a batch of bytes, and bring it to [−1, 1]."""
    if rng.random() < 0.5:
        pixels = pixels.flip(3)
    shifts = tuple(int(n) for n in rng.integers(-3, 4, 2))
    return torch.roll(pixels, shifts, (2, 3)).float() / 127.5 - 1


def _with_words_left_out(ids: Tensor, share: float = 0.2) -> Tensor:
    return torch.where(torch.rand(ids.shape) < share, PAD, ids)


def _write(image: nn.Module, text: nn.Module, tokenizer: Tokenizer, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    towers = (
        (image, torch.zeros(1, 3, SIDE, SIDE), "vision_model", "pixel_values", "image_embeds"),
        (text, torch.zeros(1, LENGTH, dtype=torch.int64), "text_model", "input_ids", "text_embeds"),
    )
    for tower, example, name, source, result in towers:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the older exporter: it keeps the batch size free
            torch.onnx.export(
                tower,
                (example,),
                str(folder / f"{name}.onnx"),
                dynamo=False,
                opset_version=17,
                input_names=[source],
                output_names=[result],
                dynamic_axes={source: {0: "batch"}, result: {0: "batch"}},
            )
    tokenizer.save(str(folder / "tokenizer.json"))
    side = {"height": SIDE, "width": SIDE}
    config = {"image_processor_type": "SiglipImageProcessor", "size": side, "resample": 3}
    (folder / "preprocessor_config.json").write_text(json.dumps(config))
