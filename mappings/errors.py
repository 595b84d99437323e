"""Every error that Houndstooth raises on purpose.

::

    HoundstoothError
    ├── InvalidInput            what a caller gave cannot be used (HTTP 4xx)
    │   ├── InvalidImage        not an image, broken, too large or too small
    │   │   └── ImageUnavailable  its server did not give it; it may the next time
    │   ├── InvalidBox          not a box inside the image
    │   ├── InvalidFilter       not a usable business filter
    │   ├── InvalidProduct      a feed row that is not a product
    │   ├── InvalidFeed         a feed that cannot be read at all
    │   ├── InvalidTaxonomy     a taxonomy file that contradicts itself
    │   ├── InvalidDocument     a stored `visual` object that cannot be decoded
    │   ├── InvalidConfig       a setting or an engine URL that makes no sense
    │   └── UnknownTerm         a category or attribute that the taxonomy lacks
    ├── ProductNotFound         no document of that id (HTTP 404)
    ├── EngineUnavailable       the engine cannot be reached or refuses (HTTP 503)
    ├── WorkersUnavailable      Redis is away, or no worker answers (HTTP 503)
    └── JobNotFound             no ingest job of that id (HTTP 404)
"""


class HoundstoothError(Exception):
    """Base of every error raised on purpose."""


class InvalidInput(HoundstoothError):
    """What a caller gave cannot be used; the message says what was expected and what came."""


class InvalidImage(InvalidInput):
    """Not an image, or one that is broken, too large or too small."""


class ImageUnavailable(InvalidImage):
    """Its server did not give it; it may the next time."""


class InvalidBox(InvalidInput):
    """Not a box inside the image."""


class InvalidFilter(InvalidInput):
    """Not a usable business filter."""


class InvalidProduct(InvalidInput):
    """A feed row that is not a product."""


class InvalidFeed(InvalidInput):
    """A feed that cannot be read at all."""


class InvalidTaxonomy(InvalidInput):
    """A taxonomy file that contradicts itself or the schema."""


class InvalidDocument(InvalidInput):
    """A stored ``visual`` object that cannot be decoded."""


class InvalidConfig(InvalidInput):
    """A setting or an engine URL that makes no sense."""


class UnknownTerm(InvalidInput):
    """A category or attribute that the taxonomy lacks."""


class ProductNotFound(HoundstoothError):
    """No document of that id."""


class EngineUnavailable(HoundstoothError):
    """The engine cannot be reached, or refuses to serve."""


class WorkersUnavailable(HoundstoothError):
    """Redis, through which workers are reached, is away, or no worker answers."""


class JobNotFound(HoundstoothError):
    """No ingest job of that id."""
