"""``houndstooth encoder``: a shop's own image encoder, by a card beside its ONNX file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from houndstooth.commands import nothing_begun
from houndstooth.commands.parameters import FILE, Whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image
    from tqdm import tqdm

    from houndstooth.models.extractor import ImageExtractor

BATCH = 8
"""Pictures that are embedded at once."""

REGIONS = ("item", "window", "whole")


@click.group(short_help="Plug in an image encoder of your own.")
def command() -> None:
    """Plug in an image encoder of your own, as an ONNX file and a card.

    The card says how the network is fed and what is read of it. Its embeddings make the binary
    codes by which products look alike; category, attributes and boxes stay those of the shipped
    networks. docs/encoders.md explains every key of a card.

    \b
    In order:
      houndstooth encoder import vision_model.onnx --name siglip --licence Apache-2.0
      houndstooth encoder fit siglip-1.json feed/images
      houndstooth encoder check siglip-1.json
      export HOUNDSTOOTH_ENCODER=siglip-1.json     # for ingest, workers and serve alike
      houndstooth ingest feed.csv                  # every product is recognised anew
    """


IMPORT_EPILOG = """\
\b
The configuration is open_clip_config.json or preprocessor_config.json, of the image processors
Bit, CLIP, ConvNext, DeiT, Siglip and ViT. It is looked for beside the ONNX file and a folder above.

\b
Regions:
  item    the square around the item's box
  window  the square that our recogniser sees: all that is worn, on a plain background
  whole   the whole picture, resized as the configuration says

The text model is called as that of pictures is, with "text" for "vision" ("visual", "image"), and
tokenizer.json lies beside it or a folder above; texts need houndstooth[text].

\b
Example:
  houndstooth encoder import onnx/vision_model.onnx --name fashion-siglip --licence Apache-2.0

\b
Exit status:
  0  the card is written; its thresholds are 0 until houndstooth encoder fit
  2  the network or its configuration cannot be used
"""


@command.command("import", epilog=IMPORT_EPILOG, short_help="Write the card of an ONNX file.")
@click.argument("network", type=FILE, metavar="ONNX")
@click.option("--name", required=True, help="What it is called: letters, digits, . _ and -.")
@click.option("--version", type=Whole(1, 10**6), default=1, show_default=True, help="Its version.")
@click.option("--licence", required=True, help="Of the network, e.g. Apache-2.0.")
@click.option("--config", type=FILE, metavar="JSON", help="The configuration.  [default: found]")
@click.option(
    "--output", metavar="NAME",
    help="The output to take.  [default: image_embeds, pooler_output or the like, or the only one "
    "of an embedding a picture]",
)  # fmt: skip
@click.option(
    "--region", type=click.Choice(REGIONS), default="item", show_default=True,
    help="What of a picture it sees.",
)  # fmt: skip
@click.option("--text", type=FILE, metavar="ONNX", help="Its text model.  [default: found]")
@click.option("--tokenizer", type=FILE, metavar="JSON", help="tokenizer.json.  [default: found]")
@click.option("--text-length", type=Whole(1, 4096), help="Tokens of a text.  [default: found]")
@click.option("--pad-id", type=Whole(0, 10**7), help="Token that fills up.  [default: found]")
@click.option("--raw", is_flag=True, help="Do not divide embeddings by their length.")
@click.option("--replace", is_flag=True, help="Write over a card of that name and version.")
def import_network(
    network: Path,
    name: str,
    version: int,
    licence: str,
    config: Path | None,
    output: str | None,
    region: str,
    text: Path | None,
    tokenizer: Path | None,
    text_length: int | None,
    pad_id: int | None,
    raw: bool,
    replace: bool,
) -> None:
    """Write NAME-VERSION.json beside an ONNX file.

    It holds the files' SHA-256, and what the network makes of a check picture on this machine.
    Where a text model and tokenizer.json lie beside it, texts are embedded by them.
    """
    from houndstooth.commands.check_encoder import describe_text
    from houndstooth.mappings.errors import InvalidConfig
    from houndstooth.models.encoder.image_processors import find_config, read_preparation
    from houndstooth.models.encoder.importing import Named, write_card
    from houndstooth.models.encoder.text_importing import find_text, given_text, text_keys

    with nothing_begun():
        path = config or find_config(network)
        found = find_text(network)
        if found and not text and not find_spec("tokenizers"):
            click.echo(f"{found.network.name} is left out: pip install 'houndstooth[text]'")
            found = None
        files = given_text(found, text, tokenizer, text_length, pad_id)
        try:
            texts = text_keys(files, path) if files else None
        except InvalidConfig as error:
            if text or tokenizer or text_length is not None or pad_id is not None:
                raise
            click.echo(f"{files.network.name if files else 'text'} is left out: {error}")
            texts = None
        named = Named(name, version, licence, region, output, not raw)  # type: ignore[arg-type]
        card = write_card(network, read_preparation(path), named, replace, texts).card
    wanted = card.input
    click.echo(
        f"{network.with_name(named.stem)}.json: {wanted.name} {wanted.layout} {wanted.type}, "
        f"{wanted.resize} to {wanted.resized[0]} × {wanted.resized[1]}, {wanted.size[0]} × "
        f"{wanted.size[1]} of it, {wanted.interpolation}, by {path.name}; {card.output.name}, "
        f"{card.output.dimension} dimensions, of the {card.region}"
    )
    if card.text:
        click.echo(describe_text(card.text))


FIT_EPILOG = """\
\b
Example:
  houndstooth encoder fit fashion-siglip-1.json feed/images --titles feed.csv

\b
Exit status:
  0  the thresholds are written; products that were indexed before are recognised anew
  2  the card cannot be used, or fewer than 50 pictures or titles could be read
"""


@command.command("fit", epilog=FIT_EPILOG, short_help="Fit its thresholds on your pictures.")
@click.argument("card", type=FILE)
@click.argument("pictures", nargs=-1, required=True, type=FILE)
@click.option(
    "--most", type=Whole(50, 10**6), default=2000, show_default=True,
    help="Pictures to take, spread evenly over all.",
)  # fmt: skip
@click.option(
    "--titles", type=FILE, metavar="FEED", help="Centre texts on the titles of this feed."
)
def fit(card: Path, pictures: tuple[Path, ...], most: int, titles: Path | None) -> None:
    """Fit the thresholds of an encoder's codes on PICTURES, files or folders of them.

    A bit of a code is set where the embedding is above the median of these pictures, so take
    pictures of products as the catalogue has them. What cannot be read is passed over. Of an
    encoder with a text model give --titles too: a text is then told by how it differs from them.
    """
    from tqdm import tqdm

    from houndstooth.models.encoder.fitting import find_pictures, fit_centre, fit_thresholds

    with nothing_begun():
        extractor, stem = _open(card)
        paths = find_pictures(pictures, most)
        said = _text_embeddings(extractor, titles, most) if titles else None
    with tqdm(total=len(paths), desc="embedding", unit=" pictures") as progress:
        rows = list(_embeddings(extractor, paths, progress))
    model = fit_thresholds(stem, _stacked(rows)).model
    if said is not None:
        fit_centre(stem, said)
        click.echo(f"texts are centred on {len(said)} titles")
    elif extractor.encoder and extractor.encoder.text:
        click.echo("texts are centred as before: give --titles to centre them on your own")
    passed = f", {len(paths) - len(rows)} passed over" if len(rows) < len(paths) else ""
    click.echo(f"thresholds of {len(rows)} pictures{passed}; the encoder's model is now {model}")


CHECK_EPILOG = """\
\b
Exit status:
  0  card, files and network agree
  2  they do not; the message says in what
"""


@command.command("check", epilog=CHECK_EPILOG, short_help="Check a card, as a start does.")
@click.argument("card", type=FILE)
def check(card: Path) -> None:
    """Check a card, its files and its networks, and time a picture and a text.

    The first values of the check picture, and of the check's text, are printed. Compare them with
    those of the networks' own code, in Python, on the same picture, whose path is printed too.
    """
    from houndstooth.commands.check_encoder import (
        describe,
        describe_text,
        seconds_per_picture,
        seconds_per_text,
    )
    from houndstooth.commands.networks import network_stem
    from houndstooth.models.encoder.onnx_encoder import CHECK_PICTURE, OnnxEncoder

    with nothing_begun():
        encoder = OnnxEncoder(network_stem(str(card)))
    values = ", ".join(f"{value:.5g}" for value in encoder.check_values()[:8])
    click.echo(describe(encoder.card))
    click.echo(f"{CHECK_PICTURE}: {values}")
    click.echo(f"{1000 * seconds_per_picture(encoder):.1f} ms a picture")
    if encoder.text:
        values = ", ".join(f"{value:.5g}" for value in encoder.text.check_values()[:8])
        click.echo(describe_text(encoder.text.card))
        click.echo(f'"{encoder.text.card.check.text}": {values}')
        click.echo(f"{1000 * seconds_per_text(encoder.text):.2f} ms a text")


def _open(card: Path) -> tuple[ImageExtractor, Path]:
    """Open the extractor of the settings with an encoder."""
    from houndstooth.commands.networks import network_stem
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.models.loading import load_extractor
    from houndstooth.plugin.config import Settings

    stem, settings = network_stem(str(card)), Settings.from_env()
    options = settings.extractor_options | {"encoder": stem}
    return load_extractor(Taxonomy.load(settings.taxonomy), **options), stem


def _embeddings(
    extractor: ImageExtractor, paths: Sequence[Path], progress: tqdm[Any]
) -> Iterator[NDArray[np.float32]]:
    """Yield the embedding of each picture that can be read."""
    for start in range(0, len(paths), BATCH):
        batch = paths[start : start + BATCH]
        images = [image for path in batch if (image := _decoded(extractor, path))]
        if images:
            yield from extractor.embed(extractor.recognise(images))
        progress.update(len(batch))


def _text_embeddings(extractor: ImageExtractor, feed: Path, most: int) -> NDArray[np.float32]:
    """Embed titles of a feed, spread evenly over all; float32 [n, d]."""
    from houndstooth.ingest.feeds import open_feed
    from houndstooth.ingest.outcome import Outcome
    from houndstooth.ingest.products import read_feed
    from houndstooth.mappings.errors import InvalidConfig
    from houndstooth.models.encoder.fitting import check_many

    texts = extractor.encoder and extractor.encoder.text
    if not texts:
        raise InvalidConfig("expected no --titles: the card has no text model")
    with open_feed(feed) as opened:
        _, products = read_feed(opened, facts=False)
        titles = [one.product.title for one in products if not isinstance(one, Outcome)]
    said = list(dict.fromkeys(filter(None, titles)))
    embeddings = texts.encode(said[:: -(-len(said) // most) or 1])
    check_many(embeddings, "titles")
    return embeddings


def _decoded(extractor: ImageExtractor, path: Path) -> Image.Image | None:
    from houndstooth.mappings.errors import InvalidImage

    try:
        return extractor.decode(path.read_bytes())
    except (OSError, InvalidImage):
        return None


def _stacked(rows: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    import numpy as np

    return np.stack(rows) if rows else np.zeros((0, 1), dtype=np.float32)
