"""Define every error that Houndstooth raises on purpose.

::

    HoundstoothError
    ├── InvalidInput            the caller's input cannot be used (HTTP 4xx)
    │   ├── InvalidImage        not an image, broken, too large or too small
    │   │   └── ImageUnavailable  the image server failed; a retry may succeed
    │   ├── InvalidBox          not a box inside the image
    │   ├── InvalidFilter       not a usable business filter
    │   ├── InvalidProduct      a feed row that is not a product
    │   ├── InvalidFeed         a feed that cannot be read
    │   ├── InvalidTaxonomy     a taxonomy file that is not consistent
    │   ├── InvalidDocument     a stored `visual` object that cannot be decoded
    │   ├── InvalidConfig       a setting or an engine URL that is not valid
    │   └── UnknownTerm         a category or attribute that is not in the taxonomy
    ├── ProductNotFound         no document has that id (HTTP 404)
    ├── EngineUnavailable       the engine cannot be reached or refuses (HTTP 503)
    │   ├── IndexReplaced       the index behind a name is another than before
    │   └── CatalogueNotFound   the engine answers, and has no index or file of that name yet
    ├── WorkersUnavailable      Redis, the jobs or a worker cannot be reached (HTTP 503)
    ├── JobNotFound             no ingest job has that id (HTTP 404)
    └── FewerProducts           a feed that has none, or far fewer than before

An error has two messages. ``str(error)`` is for those who run Houndstooth: commands, logs, reports.
``error.public`` is for everybody whom the web service answers: it names no path of a server, no
address of an engine or a Redis, and no host that a name led to.
"""


class HoundstoothError(Exception):
    """Base of every error raised on purpose.

    Args:
        message: What was expected and what came.
        public: The same for everybody. None = the class's ``summary`` or, where there is none,
            the message, which then names nothing of a server's.
    """

    summary: str | None = "the service failed"
    """Public message of all errors of a class; None = their own messages are public."""

    def __init__(self, message: str = "", *, public: str | None = None) -> None:
        super().__init__(message)
        self._public = public

    @property
    def public(self) -> str:
        """Return the message for everybody."""
        return self._public or self.summary or str(self)

    def hide(self, private: str, shown: str) -> None:
        """Say something else in the public message in the place of what is private."""
        self._public = self.public.replace(private, shown)


class InvalidInput(HoundstoothError):
    """The caller's input cannot be used; the message says what was expected and what came."""

    summary: str | None = None


class InvalidImage(InvalidInput):
    """The data is not an image, or the image is broken, too large or too small."""


class ImageUnavailable(InvalidImage):
    """The image server failed; a retry may succeed."""


class InvalidBox(InvalidInput):
    """The box is malformed or not inside the image."""


class InvalidFilter(InvalidInput):
    """The filter on a shop field cannot be used."""


class InvalidProduct(InvalidInput):
    """The feed row is not a product."""


class InvalidFeed(InvalidInput):
    """The feed cannot be read."""


class InvalidTaxonomy(InvalidInput):
    """The taxonomy file is not consistent or does not follow the schema."""

    summary = "the taxonomy of the service is not valid"


class InvalidDocument(InvalidInput):
    """The stored ``visual`` object cannot be decoded."""

    summary = "a stored product cannot be read"


class InvalidConfig(InvalidInput):
    """The setting or engine URL is not valid."""

    summary = "a setting of the service is not valid"


class UnknownTerm(InvalidInput):
    """The category or attribute is not in the taxonomy."""


class ProductNotFound(HoundstoothError):
    """No document has that id."""

    summary = None


class EngineUnavailable(HoundstoothError):
    """The engine cannot be reached or refuses the request."""

    summary = "the engine cannot be reached right now"


class IndexReplaced(EngineUnavailable):
    """The index behind a name is another than before."""


class CatalogueNotFound(EngineUnavailable):
    """The engine answers, and has no index or file of that name yet: no feed has come in."""

    summary = "there is no catalogue yet"


class WorkersUnavailable(HoundstoothError):
    """The workers' Redis or the jobs cannot be reached, or no worker answers."""

    summary = "the workers, or the jobs that they share, cannot be reached right now"


class JobNotFound(HoundstoothError):
    """No ingest job has that id."""

    summary = None


class FewerProducts(HoundstoothError):
    """The feed has no product, or far fewer than the last time."""

    summary = None
