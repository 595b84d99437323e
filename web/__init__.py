"""Serve the web application: REST, its OpenAPI document and the pages."""

if __name__ != "houndstooth.web":
    raise ImportError("expected `import houndstooth.web`; got `import web`")
