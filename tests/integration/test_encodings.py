"""The same garment in every encoding: the same first colour, colours and code, up to noise."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from houndstooth.mappings.features import Features
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import load_extractor
from tests.profiles import RGB_SPACES, encode, from_srgb, ink_profile

DATA = os.environ.get("HOUNDSTOOTH_DATA", Path(__file__).parents[3] / "shared" / "data")
CASES = Path(DATA).parent / "cases" / "photos"
MAX_COLOUR, MAX_INK_COLOUR = 0.005, 0.05
MAX_BITS = 154
"""Of 1,392. A picture whose lowest bit of each level is flipped differs by 56 in the median, at
most 154 (34 product photos); one in another RGB space of 8 bits by 29."""

TWINS = {
    "red.jpg": (
        *("adobergb_red.jpg", "p3_red.jpg", "prophoto_red.jpg", "lab.tif", "cmyk.jpg", "cmyk.tif"),
        *("gainmap_mpo.jpg", "alpha.gif", "alpha.webp", "alpha_black_under.png", "palette.png"),
        *("no_eoi.jpg", "leading_newline.jpg", "trailing.jpg", "trns_rgb.png", "x.avif"),
    ),
    "green-srgb.png": ("green-p3.png", "green-adobergb.png"),
    "teal-srgb.png": ("teal-p3.png", "teal-adobergb.png"),
    "red-srgb.png": ("red-p3.png",),
    "side-exif6.jpg": ("side-exif6.webp", "side-xmp6.jpg", "red.heic"),
    "clear-border-still.webp": ("clear-border-animated.webp",),
}


@pytest.fixture(scope="module")
def extractor() -> ImageExtractor:
    return load_extractor(Taxonomy.load(), threads=1)


def extract(extractor: ImageExtractor, files: list[bytes]) -> list[Features]:
    return extractor.extract([extractor.decode(data) for data in files])


def check_twins(one: Features, other: Features, name: str, most: float = MAX_COLOUR) -> None:
    roots = one.colour_histogram.astype(float) - other.colour_histogram
    assert (roots**2).sum() / (2 * 255**2) <= most, name
    bits = int(np.unpackbits(one.binary_code ^ other.binary_code).sum())
    assert bits <= MAX_BITS, (name, bits)
    first = [
        next(t.term for t in each.best_attributes() if t.term.startswith("colour:"))
        for each in (one, other)
    ]
    assert first[0] == first[1], name


@pytest.mark.skipif(not CASES.exists(), reason=f"no cases at {CASES}")
@pytest.mark.parametrize("name", TWINS)
def test_the_cases_are_twins(extractor: ImageExtractor, name: str) -> None:
    names = (name, *TWINS[name])
    whole, *others = extract(extractor, [(CASES / each).read_bytes() for each in names])
    for other, file in zip(others, TWINS[name], strict=True):
        check_twins(whole, other, file)


def test_a_drawn_garment_is_the_same_in_every_space(extractor: ImageExtractor) -> None:
    image = Image.new("RGB", (300, 400), "white")
    yy, xx = np.mgrid[0:400, 0:300]
    inside = (abs(xx - 150) < 70) & (yy > 60) & (yy < 340) | (abs(xx - 150) < 110) & (
        abs(yy - 100) < 40
    )
    shade = 0.85 + 0.15 * np.sin(xx / 17) * np.cos(yy / 23)
    garment = np.asarray(image).copy()
    garment[inside] = (np.array([40, 120, 110]) * shade[..., None])[inside].astype(np.uint8)
    image = Image.fromarray(garment)
    files = {
        space: encode(from_srgb(image, profile), "PNG", icc_profile=profile)
        for space, profile in RGB_SPACES.items()
    }
    files |= {"TIFF": encode(image, "TIFF"), "WebP": encode(image, "WEBP", lossless=True)}
    plain, *others = extract(extractor, [encode(image), *files.values()])
    for other, name in zip(others, files, strict=True):
        check_twins(plain, other, name)


def test_inks_with_a_profile_are_seen_as_printed(extractor: ImageExtractor) -> None:
    profile = ink_profile()
    inks = Image.new("CMYK", (300, 400))
    inks.paste((230, 60, 90, 30), (70, 80, 230, 330))
    printed = ImageCms.profileToProfile(
        inks,
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
    )
    assert printed is not None
    printed.info = {}
    one, other = extract(
        extractor, [encode(printed), encode(inks, "JPEG", quality=95, icc_profile=profile)]
    )
    check_twins(one, other, "inks", MAX_INK_COLOUR)
