"""The web application: REST, its OpenAPI document, and the page."""

if __name__ != "houndstooth.web":
    raise ImportError("expected `import houndstooth.web`; got `import web`")
