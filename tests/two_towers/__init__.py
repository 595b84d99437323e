"""A made two-tower encoder: trained on drawn products and their titles, and how well it finds."""
