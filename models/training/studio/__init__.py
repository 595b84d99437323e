"""The studio draws catalogue images, with a feed and exact labels, from nothing but a seed."""

from models.training.studio.catalogue import Product, generate
from models.training.studio.drawing import Drawing, ItemSpec, draw_item, draw_outfit

__all__ = ["Drawing", "ItemSpec", "Product", "draw_item", "draw_outfit", "generate"]
