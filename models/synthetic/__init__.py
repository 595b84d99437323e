"""The studio draws catalogue images, with a feed and exact labels, from nothing but a seed."""

from houndstooth.models.synthetic.catalogue import Product, generate
from houndstooth.models.synthetic.drawing import Drawing, ItemSpec, draw_item, draw_outfit

__all__ = ["Drawing", "ItemSpec", "Product", "draw_item", "draw_outfit", "generate"]
