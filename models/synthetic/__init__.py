"""Drawn catalogues: images, a feed and exact labels, all of it from a seed.

No photo, network or data set is needed, so a demo or a test can draw what it searches, and
training gets boxes and attributes that are exactly known. ``houndstooth draw`` is the command, and
``generate`` the function. Only numpy and Pillow are used; serving imports nothing of it.

How a product becomes a picture:

- ``catalogue`` plans the products and writes the files. ``wardrobe`` (with ``wardrobe.toml``)
  chooses each style's terms and colours, ``outfits`` what a figure wears with it, ``titles`` the
  seller's words.
- ``drawing`` draws a product alone on white, or an outfit on a ``figure`` before one of the
  ``scenes``. ``workshop`` says which function draws which category.
- One module a family draws the articles, in units of its own: ``tops``, ``bottoms``, ``skirts``,
  ``dresses`` (with ``cut``, ``collars``, ``closures``), ``shoes``, ``heels``, ``boots``,
  ``sandals``, ``bags``, ``luggage`` (with ``fittings``), ``headwear``, ``neckwear``, ``watches``,
  ``accessories``; ``worn`` fits stills to a figure.
- They return ``parts``: outlines made by ``geometry``, with a cloth of ``patterns``, ``prints``,
  ``colours`` and ``surfaces``. ``shading`` paints the parts into pixels and keeps each item's mask,
  from which its box follows.
"""

from houndstooth.models.synthetic.catalogue import Product, generate
from houndstooth.models.synthetic.drawing import Drawing, ItemSpec, draw_item, draw_outfit

__all__ = ["Drawing", "ItemSpec", "Product", "draw_item", "draw_outfit", "generate"]
