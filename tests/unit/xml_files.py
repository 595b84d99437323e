"""XML feeds written to a file and read, for several tests."""

from __future__ import annotations

from pathlib import Path

from houndstooth.ingest.feeds import Row, open_feed


def read(path: Path, data: bytes | str) -> list[Row]:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    with open_feed(path) as feed:
        assert feed.size is None
        return list(feed.rows)
