"""Draw the business facts of resampled products: brand, price, stock, title, image and URL."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

BRANDS = 200
MEDIAN_PRICE = 30.0
PRICE_SPREAD = 0.7
"""Standard deviation of the prices' logarithms."""

MAX_STOCK = 400


def brand_names() -> list[str]:
    """Return the BRANDS names; their order is that of their frequency."""
    heads = ("Al", "Bel", "Cor", "Dal", "Fen", "Gar", "Lu", "Mor", "Nor", "Vel")
    tails = ("bor", "cedo", "den", "fort", "lane", "mira", "nova", "quist", "ra", "sen")
    names = [head + tail for tail in tails for head in heads]
    return [*names, *(f"{name} & Co" for name in names)]


def draw_brands(count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw places of brands: the most frequent has about 4 % of the products, the last 0.1 %."""
    share = 1 / (np.arange(BRANDS) + 5.0)
    return rng.choice(BRANDS, size=count, p=share / share.sum()).astype(np.uint8)


def draw_prices(count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw lognormal prices that end in .90 or .50, as float32 [count]."""
    prices = MEDIAN_PRICE * np.exp(PRICE_SPREAD * rng.standard_normal(count))
    ends = np.where(rng.random(count) < 0.5, 0.9, 0.5)
    return (np.floor(np.clip(prices, 2, 900)) + ends).astype(np.float32)


def draw_stocks(count: int, rng: np.random.Generator) -> NDArray[np.uint16]:
    """Draw stocks: one product in eight is sold out."""
    stocks = np.minimum(rng.geometric(0.02, size=count), MAX_STOCK)
    return np.where(rng.random(count) < 0.125, 0, stocks).astype(np.uint16)


def slug(title: str) -> str:
    """Return a title as it stands in a URL."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60]
