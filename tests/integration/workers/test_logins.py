"""Workers log in to the cluster with secrets that no job holds."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest
from redis import Redis

from tests.conftest import free_port
from tests.integration.engines.gate import Authority, gate
from tests.integration.workers.shop import Shop, finish, product

LOGIN = "Basic " + b64encode(b"me:geheim").decode()


def stored(shop: Shop) -> str:
    """All that is in the jobs' files, and in Redis's hashes and lists: the queue."""
    files = [path.read_text() for path in (shop.folder / "jobs").rglob("*") if path.is_file()]
    with Redis.from_url(shop.redis) as redis:
        read = {b"hash": redis.hgetall, b"list": lambda key: redis.lrange(key, 0, -1)}
        kinds = [(key, redis.type(key)) for key in redis.scan_iter()]
        return str([*files, *(read[kind](key) for key, kind in kinds if kind in read)])


def test_a_command_and_a_worker_log_in_by_their_own_settings(
    shop: Shop, opensearch_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, secret = Authority(tmp_path / "authority"), tmp_path / "secret"
    secret.write_text("geheim\n")
    monkeypatch.setenv("HOUNDSTOOTH_ENGINE_CA", str(authority.ca))
    monkeypatch.setenv("HOUNDSTOOTH_ENGINE_USER", "me")
    monkeypatch.setenv("HOUNDSTOOTH_ENGINE_PASSWORD_FILE", str(secret))
    node, index = opensearch_url.partition("://")[2], shop.url.rpartition("/")[2]
    feed = shop.write([product(n) for n in range(6)])
    with gate(node, authority, lambda request: request.headers["authorization"] == LOGIN) as before:
        shop.url = f"opensearchs://{before.address}/{index}"
        with shop.workers():
            status, output, errors = finish(shop.ingest(feed))
        assert (status, shop.report()["totals"]["written"]) == (0, 6), errors
        ids = [product(n)["id"] for n in range(6)]
        status, removed, _ = finish(shop.command("remove", *ids, "--engine", shop.url))
        assert (status, removed[:7]) == (0, "6 of 6 ")
    assert any("_bulk" in request.path for request in before.requests)
    jobs = stored(shop)
    assert shop.url in jobs
    for text in (jobs, output, errors, (shop.folder / "workers.log").read_text()):
        assert "geheim" not in text and LOGIN[6:] not in text


def test_a_url_with_a_password_never_gets_into_a_job(shop: Shop) -> None:
    shop.url = f"opensearch://me:geheim@127.0.0.1:{free_port()}/products"
    with shop.workers():
        status, output, errors = finish(shop.ingest(shop.write([product(1)])))
    assert status == 2
    assert "HOUNDSTOOTH_ENGINE_PASSWORD" in errors
    assert "geheim" not in output + errors + stored(shop)
