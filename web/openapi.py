"""Build the OpenAPI document: ``openapi.json`` with the taxonomy's terms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from houndstooth.mappings.taxonomy import Taxonomy

TEMPLATE = Path(__file__).with_name("openapi.json")


def openapi_document(taxonomy: Taxonomy) -> dict[str, Any]:
    """Build the document, with the taxonomy's categories and attributes as enums."""
    document: dict[str, Any] = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    schemas = document["components"]["schemas"]
    schemas["CategoryTerm"]["enum"] = list(taxonomy.categories)
    schemas["AttributeTerm"]["enum"] = list(taxonomy.attribute_terms())
    stated = schemas["ProductInput"]["properties"]["attributes"]
    stated["propertyNames"]["enum"] = list(taxonomy.groups)
    return document
