"""Ingest feeds: read rows and images, extract features, write documents."""

if __name__ != "houndstooth.ingest":
    raise ImportError("expected `import houndstooth.ingest`; got `import ingest`")
