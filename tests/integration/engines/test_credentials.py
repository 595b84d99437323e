"""Logging in to a cluster over TLS: real sockets, certificates and nodes."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import sys
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import pytest

from houndstooth.mappings.errors import EngineUnavailable, InvalidConfig
from houndstooth.plugin.config import Settings
from houndstooth.plugin.credentials import SECRETS, Credentials, variable_name
from houndstooth.plugin.engines import open_engine
from tests.catalogue import document
from tests.conftest import free_port
from tests.integration.engines.gate import Authority, Request, gate
from tests.integration.engines.helpers import fill, found

ROOT = Path(__file__).parents[3]
PASSWORD = "geheim: süß€"
LOGIN = "Basic " + b64encode(f"me:{PASSWORD}".encode()).decode()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority") / "ours")


@pytest.fixture
def where(index_url: str) -> tuple[str, str, str]:
    """Scheme with TLS, node and index of a real cluster."""
    scheme, _, rest = index_url.partition("://")
    node, _, index = rest.partition("/")
    return f"{scheme}s", node, index


@pytest.mark.parametrize(
    ("credentials", "login"),
    [
        (Credentials(user="me", password=PASSWORD), LOGIN),
        (Credentials(api_key="aWQ6Z2VoZWlt"), "ApiKey aWQ6Z2VoZWlt"),
        (Credentials(), None),
    ],
)
def test_every_request_logs_in_over_tls(
    authority: Authority, where: tuple[str, str, str], credentials: Credentials, login: str | None
) -> None:
    scheme, node, index = where
    trusting = Credentials(
        credentials.user, credentials.password, credentials.api_key, authority.ca
    )
    with gate(node, authority) as before:
        dead = f"127.0.0.1:{free_port()}"
        engine = open_engine(f"{scheme}://{dead},{before.address}/{index}", trusting)
        engine.prepare()
        fill(engine, document("1"), document("2"))
        assert found(engine) == ["1", "2"]
        assert engine.delete(["1"]) == 1
        assert engine.location == f"https://{dead},{before.address}/{index} visual"
        engine.close()
    assert len(before.requests) > 5 and before.logins == {login}


def test_a_wrong_password_is_said_and_not_shown(
    authority: Authority, opensearch_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    node = opensearch_url.partition("://")[2]
    credentials = Credentials(user="me", password=PASSWORD, ca=authority.ca)
    with gate(node, authority, lets_in=lambda _: False) as before:
        engine = open_engine(f"opensearchs://{before.address}/products", credentials)
        for ask in (engine.prepare, engine.ping, lambda: engine.fetch(["1"])):
            with pytest.raises(
                EngineUnavailable, match=r"refused, status 401: (who|no reason)"
            ) as caught:
                ask()
            assert "geheim" not in str(caught.value)
        engine.close()
    assert before.logins == {LOGIN}
    assert "401" in caplog.text
    assert "geheim" not in caplog.text and LOGIN[6:] not in caplog.text


def test_a_server_of_an_unknown_authority_or_another_name_is_refused(
    authority: Authority, opensearch_url: str, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other")
    node = opensearch_url.partition("://")[2]
    with gate(node, authority) as before:
        port = before.address.partition(":")[2]
        for host, ca, reason in (
            ("127.0.0.1", None, "certificate verify failed"),
            ("127.0.0.1", other.ca, "certificate verify failed"),
            ("localhost", authority.ca, "Hostname mismatch"),
        ):
            credentials = Credentials(user="me", password=PASSWORD, ca=ca)
            engine = open_engine(f"elasticsearchs://{host}:{port}/products", credentials)
            expected = (
                f"{host}:{port} cannot be reached over TLS: .*{reason}.*HOUNDSTOOTH_ENGINE_CA"
            )
            with pytest.raises(EngineUnavailable, match=expected):
                engine.ping()
            engine.close()
    assert before.requests == []


def test_a_client_shows_its_certificate(authority: Authority, where: tuple[str, str, str]) -> None:
    scheme, node, index = where
    certificate, key = authority.issue("client")
    both = certificate.with_name("both.pem")
    both.write_text(certificate.read_text() + key.read_text())
    with gate(node, authority, wants_certificate=True) as before:
        url = f"{scheme}://{before.address}/{index}"
        for own in ({"certificate": certificate, "key": key}, {"certificate": both}):
            engine = open_engine(url, Credentials(ca=authority.ca, **own))
            engine.prepare()
            assert engine.count() == 0
            engine.close()
        passed = len(before.requests)
        engine = open_engine(url, Credentials(ca=authority.ca))
        with pytest.raises(EngineUnavailable, match="cannot be reached"):
            engine.count()
        engine.close()
    assert len(before.requests) == passed > 0


def signer(request: Request, secret: str) -> str:
    """Who signed a request by AWS's Signature Version 4, recomputed from its documentation."""
    algorithm, _, rest = request.headers["authorization"].partition(" ")
    parts = dict(part.split("=", 1) for part in rest.split(", "))
    scope = parts["Credential"].split("/", 1)[1]
    path, _, query = request.path.partition("?")
    names = parts["SignedHeaders"].split(";")
    canonical = [request.method, quote(path), "&".join(sorted(query.split("&")))]
    canonical += [f"{name}:{request.headers[name].strip()}" for name in names]
    canonical += ["", parts["SignedHeaders"], hashlib.sha256(request.body).hexdigest()]
    digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
    text = "\n".join([algorithm, request.headers["x-amz-date"], scope, digest])
    key = f"AWS4{secret}".encode()
    for word in [*scope.split("/"), text]:
        key = hmac.digest(key, word.encode(), "sha256")
    assert parts["Signature"] == key.hex()
    return parts["Credential"]


@pytest.mark.parametrize("service", ["es", "aoss"])
def test_requests_are_signed_for_aws(
    authority: Authority,
    where: tuple[str, str, str],
    service: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    pytest.importorskip("botocore")
    caplog.set_level(logging.DEBUG, "opensearch")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "geheim")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    scheme, node, index = where
    credentials = Credentials(ca=authority.ca, aws_region="eu-west-1", aws_service=service)
    with gate(node, authority) as before:
        engine = open_engine(f"{scheme}://{before.address}/{index}", credentials)
        engine.prepare()
        fill(engine, document("a b/ü?*"), document("2"))
        assert found(engine) == ["2", "a b/ü?*"]
        assert engine.delete(["a b/ü?*"]) == 1
        engine.close()
    for request in before.requests:
        day = request.headers["x-amz-date"][:8]
        assert signer(request, "geheim") == f"AKID/{day}/eu-west-1/{service}/aws4_request"
        assert request.headers["x-amz-security-token"] == "token"
    assert "geheim" not in caplog.text and "geheim" not in repr(engine.__dict__)


def test_signing_needs_botocore_and_credentials(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url, credentials = "opensearchs://h:443/products", Credentials(aws_region="eu-west-1")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "botocore.session", None)
        without.setitem(sys.modules, "botocore.exceptions", None)
        with pytest.raises(InvalidConfig, match=r"botocore .*pip install 'houndstooth\[aws\]'"):
            open_engine(url, credentials)
    pytest.importorskip("botocore")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InvalidConfig, match=r"AWS_ACCESS_KEY_ID .*got none"):
        open_engine(url, credentials)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(InvalidConfig, match=r"expected credentials of AWS; .*nobody"):
        open_engine(url, credentials)


@pytest.mark.parametrize(
    ("decoded", "address"),
    [
        ("eu-west-1.aws.found.io$a1$k1", "a1.eu-west-1.aws.found.io:443"),
        ("eu.found.io:9243$a1$", "a1.eu.found.io:9243"),
        ("eu.found.io$a1", "a1.eu.found.io:443"),
    ],
)
def test_a_cloud_id_names_a_host(decoded: str, address: str) -> None:
    cloud_id = f"My_shop:{b64encode(decoded.encode()).decode()}"
    credentials = Credentials(api_key="aWQ6Z2VoZWlt")
    engine = open_engine(f"elasticcloud://{cloud_id}/products?visual=visual_2", credentials)
    assert engine.location == f"https://{address}/products visual_2"
    engine.close()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"user": "me"}, "expected HOUNDSTOOTH_ENGINE_PASSWORD beside HOUNDSTOOTH_ENGINE_USER"),
        ({"password": "geheim"}, "expected HOUNDSTOOTH_ENGINE_USER beside"),
        ({"key": Path(__file__)}, "expected HOUNDSTOOTH_ENGINE_CERTIFICATE beside"),
        (
            {"user": "me", "password": "geheim", "api_key": "geheim"},
            "got HOUNDSTOOTH_ENGINE_USER and HOUNDSTOOTH_ENGINE_API_KEY",
        ),
        ({"api_key": "geheim", "aws_region": "eu-west-1"}, "expected one way to log in"),
        ({"ca": Path(__file__)}, "expected HOUNDSTOOTH_ENGINE_CA to name a PEM file"),
        ({"certificate": Path(__file__)}, "expected HOUNDSTOOTH_ENGINE_CERTIFICATE to name PEM"),
    ],
)
def test_credentials_that_make_no_sense(given: dict[str, str], expected: str) -> None:
    with pytest.raises(InvalidConfig, match=expected) as caught:
        open_engine("opensearchs://h:9200/products", Credentials(**given))  # type: ignore[arg-type]
    assert "geheim" not in str(caught.value)


def test_certificates_need_tls_and_an_unencrypted_key(authority: Authority) -> None:
    with pytest.raises(InvalidConfig, match=r"with TLS, .*beside HOUNDSTOOTH_ENGINE_CA; got one"):
        open_engine("opensearch://h:9200/products", Credentials(ca=authority.ca))
    certificate, key = authority.issue("encrypted")
    marker = "-----BEGIN ENCRYPTED PRIVATE KEY-----"
    key.write_text(key.read_text().replace("-----BEGIN PRIVATE KEY-----", marker))
    with pytest.raises(InvalidConfig, match="its unencrypted key"):
        open_engine("opensearchs://h/products", Credentials(certificate=certificate, key=key))


def test_the_guides_examples_can_be_opened(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("botocore")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "geheim")
    certificate, key = authority.issue("example")
    files = {"authority.pem": authority.ca, "client.pem": certificate, "client.key": key}
    for name, file in files.items():
        (tmp_path / name).write_text(file.read_text())
    for name in ("password", "api_key"):
        (tmp_path / name).write_text("geheim")
    guide = (ROOT / "docs" / "engines.md").read_text().replace("/run/secrets", str(tmp_path))
    examples = re.findall(r"```sh\n(.*?)```", guide, flags=re.DOTALL)
    ways = set()
    for example in examples:
        environ = dict(line.split("=", 1) for line in example.splitlines())
        settings = Settings.from_env(environ)
        open_engine(settings.engine, settings.credentials).close()
        ways |= environ.keys()
    secrets = {f"{name}_FILE" for name in map(variable_name, SECRETS)}
    fields = {*Credentials.__dataclass_fields__} - {*SECRETS, "aws_service"}
    assert ways == {"HOUNDSTOOTH_ENGINE", *map(variable_name, fields), *secrets}
