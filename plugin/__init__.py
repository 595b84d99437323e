"""Search: from a photo or a product to the products that look like it."""

if __name__ != "houndstooth.plugin":
    raise ImportError("expected `import houndstooth.plugin`; got `import plugin`")
