"""From a feed to documents: rows, images, and the path that `houndstooth ingest` runs."""

if __name__ != "houndstooth.ingest":
    raise ImportError("expected `import houndstooth.ingest`; got `import ingest`")
