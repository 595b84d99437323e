"""Keep the rules of a running service: those of a file, read again when it changes."""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from houndstooth.mappings.errors import InvalidConfig, InvalidInput
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.merchandising.reading import read_rules
from houndstooth.plugin.merchandising.rule import RuleSet

NO_RULES: dict[str, Any] = {"rules": []}

MAX_BYTES = 1_000_000
"""Largest file of rules, in bytes."""

_LOG = logging.getLogger(__name__)


class RulesFile:
    """The merchandising rules of a service. Threads may share it, and so may processes its file.

    Args:
        path: The file; None = there are no rules. One that is not there has none yet.
        taxonomy: Has the terms that rules name.

    Raises:
        InvalidConfig: The file cannot be used. One that can no longer be used later on leaves the
            rules as they were, and the log says so.
    """

    def __init__(self, path: Path | None, taxonomy: Taxonomy) -> None:
        self._path, self._taxonomy = path, taxonomy
        self._lock = Lock()
        self._state = self._look()
        try:
            self._document, self._rules = self._read()
        except InvalidInput as error:
            raise InvalidConfig(f"HOUNDSTOOTH_RULES: {path}: {error}") from None

    def current(self) -> RuleSet:
        """Return the rules as they are at this moment."""
        self._renew()
        return self._rules

    def applying(self, category: str, index: str) -> RuleSet:
        """Return the rules that apply now to a query of a category and an index."""
        categories = {category}
        if category in self._taxonomy.categories:
            categories.add(self._taxonomy.great_category(category))
        return self.current().for_query(categories, index, datetime.now(UTC))

    def document(self) -> dict[str, Any]:
        """Return the rules as the file has them."""
        self._renew()
        return self._document

    def replace(self, document: Any) -> None:
        """Check rules, and write them in the place of those of the file.

        Raises:
            InvalidInput: They are not valid, or the service has no file of rules.
            InvalidConfig: The file cannot be written.
        """
        if self._path is None:
            raise InvalidInput("expected a service with a file of rules, by HOUNDSTOOTH_RULES")
        rules = read_rules(document, self._taxonomy)
        text = json.dumps(document, indent=1, ensure_ascii=False)
        if len(text.encode()) > MAX_BYTES:
            raise InvalidInput(f"expected rules of at most {MAX_BYTES} bytes; got more")
        with self._lock:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                new = self._path.with_suffix(".new")
                with new.open("w", encoding="utf-8") as file:
                    file.write(text + "\n")
                    file.flush()
                    os.fsync(file.fileno())
                new.replace(self._path)
            except OSError as error:
                raise InvalidConfig(
                    f"expected to write {self._path} (HOUNDSTOOTH_RULES): {error}"
                ) from None
            self._state, self._document, self._rules = self._look(), document, rules

    def _renew(self) -> None:
        if self._look() == self._state:
            return
        with self._lock:
            state = self._look()
            if state == self._state:
                return
            self._state = state
            try:
                self._document, self._rules = self._read()
                _LOG.info("%s: %d rules", self._path, len(self._rules.rules))
            except InvalidInput as error:
                _LOG.error("%s: %s; the rules stay as they were", self._path, error)

    def _look(self) -> tuple[int, ...] | None:
        """Return by what a changed file is noticed; None if there is none."""
        if self._path is None:
            return None
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _read(self) -> tuple[dict[str, Any], RuleSet]:
        if self._path is None or not self._path.exists():
            return NO_RULES, RuleSet()
        try:
            with self._path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
            if len(data) > MAX_BYTES:
                raise ValueError(f"it has more than {MAX_BYTES} bytes")
            document = json.loads(data)
        except (OSError, ValueError, RecursionError) as error:
            raise InvalidInput(f"expected a file of rules in JSON: {error}") from None
        return document, read_rules(document, self._taxonomy)
