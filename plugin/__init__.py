"""The query side: from a photo or a product to the products that look like it."""
