"""The web application: REST, its OpenAPI document, and the page."""
