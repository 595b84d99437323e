"""Define the contract: the types that the packages exchange, and their JSON."""

if __name__ != "houndstooth.mappings":
    raise ImportError("expected `import houndstooth.mappings`; got `import mappings`")
