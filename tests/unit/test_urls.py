"""Images by URL, against a real HTTP server; what the guard refuses never gets a connection."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from houndstooth.ingest.images import UrlImages, feed_images
from houndstooth.ingest.urls import MAX_REDIRECTS, is_public
from houndstooth.mappings.errors import ImageUnavailable, InvalidImage
from tests.http_server import running

PUBLIC = "93.184.215.14"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append((self.headers["Host"], self.path))  # type: ignore[attr-defined]
        route = ROUTES.get(self.path.partition("?")[0])
        if route is None:
            self.answer(404, b"no")
        else:
            route(self)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content_Length": str(len(body))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def redirect(self, where: str) -> None:
        self.answer(302, b"see there", Location=where)

    def unsized(self, size: int) -> None:
        self.close_connection = True
        self.send_response(200)
        self.end_headers()
        self.wfile.write(bytes(size))

    def drip(self, head: bytes) -> None:
        self.close_connection = True
        self.wfile.write(head)
        for _ in range(200):
            self.wfile.write(b"x")
            time.sleep(0.05)

    def log_message(self, *_: Any) -> None:
        pass


ROUTES: dict[str, Callable[[Handler], None]] = {
    "/a.png": lambda h: h.answer(200, b"picture"),
    "/moved": lambda h: h.redirect("/a.png"),
    "/round": lambda h: h.redirect("/round"),
    "/busy": lambda h: h.answer(503),
    "/large": lambda h: h.answer(200, bytes(2000)),
    "/unsized": lambda h: h.unsized(2000),
    "/short": lambda h: h.answer(200, b"cut", Content_Length="10", Connection="close"),
    "/to-loopback": lambda h: h.redirect("http://127.0.0.2:1/secret"),
    "/to-metadata": lambda h: h.redirect("http://169.254.169.254/latest"),
    "/to-file": lambda h: h.redirect("file:///etc/passwd"),
    "/slow-body": lambda h: h.drip(b"HTTP/1.1 200 OK\r\n\r\n"),
    "/slow-head": lambda h: h.drip(b"HTTP/1.1 200 OK\r\nX-Long: "),
}


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str]] = []

    def handle_error(self, *_: Any) -> None:
        pass

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server_port}{path}"


@pytest.fixture
def server() -> Iterator[Server]:
    with running(Server()) as started:
        yield started


def allowed(**options: Any) -> UrlImages:
    return UrlImages(hosts={"127.0.0.1", "images.internal"}, **options)


def names(monkeypatch: pytest.MonkeyPatch, **addresses: list[str]) -> list[str]:
    """A resolver that gives the addresses of a name one after another; returns what was asked."""
    asked: list[str] = []
    left = {name.replace("_", "."): list(found) for name, found in addresses.items()}

    def resolve(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        found = left[host].pop(0)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found.split(",")
        ]

    monkeypatch.setattr("houndstooth.ingest.urls.socket.getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize("path", ["/a.png", "/moved", "/a.png?size=large#top"])
def test_an_image_comes(server: Server, path: str) -> None:
    assert allowed()(server.url(path)) == b"picture"


def test_a_feed_names_paths_and_urls(server: Server, tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(b"file")
    load = feed_images(tmp_path, hosts={"127.0.0.1"})
    assert [load("b.png"), load(server.url("/a.png"))] == [b"file", b"picture"]
    with pytest.raises(InvalidImage, match="expected an http or https URL; got 'file:"):
        load(f"file://{tmp_path}/b.png")


@pytest.mark.parametrize(
    ("path", "error_class", "words"),
    [
        ("/none", InvalidImage, "HTTP 404 from 'http://127.0.0.1:.*/none'"),
        ("/busy", ImageUnavailable, "HTTP 503"),
        ("/large", InvalidImage, "at most 1000 bytes"),
        ("/unsized", InvalidImage, "at most 1000 bytes"),
        ("/short", ImageUnavailable, "IncompleteRead"),
        ("/round", InvalidImage, f"at most {MAX_REDIRECTS} redirects"),
        ("/to-loopback", InvalidImage, "public address; that of 127.0.0.2 is not"),
        ("/to-metadata", InvalidImage, "public address; that of 169.254.169.254 is not"),
        ("/to-file", InvalidImage, "expected an http or https URL; got 'file:"),
    ],
)
def test_what_is_refused(
    server: Server, path: str, error_class: type[Exception], words: str
) -> None:
    with pytest.raises(InvalidImage, match=words) as caught:
        allowed(max_bytes=1000)(server.url(path))
    assert type(caught.value) is error_class


@pytest.mark.parametrize("path", ["/slow-body", "/slow-head"])
def test_a_server_that_drips_is_hung_up_on(server: Server, path: str) -> None:
    with pytest.raises(ImageUnavailable, match=r"within 0\.3 s"):
        allowed(seconds=0.3)(server.url(path))


def test_an_unreachable_server_is_retryable(server: Server) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with pytest.raises(ImageUnavailable, match="refused"):
        allowed()(f"http://127.0.0.1:{port}/a.png")


def test_a_tls_handshake_that_drips_is_hung_up_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/a.png"

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                try:
                    connection.sendall(b"\x16\x03\x03\x40\x00")
                    for _ in range(200):
                        connection.sendall(b"\x02")
                        time.sleep(0.05)
                except OSError:
                    pass

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(ImageUnavailable, match=r"within 0\.3 s"):
            allowed(seconds=0.3)(url)
        thread.join()


def test_a_certificate_must_be_the_name_s(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -keyout key.pem -out cert.pem"
    name = ["-addext", "subjectAltName=DNS:images.internal"]
    subprocess.run(["openssl", *words.split(), *name], cwd=tmp_path, check=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    names(monkeypatch, images_internal=["127.0.0.1"] * 2, other_internal=["127.0.0.1"])
    images = UrlImages(hosts={"images.internal", "other.internal"})
    url = server.url("/a.png", "images.internal").replace("http", "https")
    with pytest.raises(InvalidImage, match="self-signed certificate"):
        images(url)
    trusting = ssl.create_default_context(cafile=tmp_path / "cert.pem")
    monkeypatch.setattr("houndstooth.ingest.urls._tls", lambda: trusting)
    assert images(url) == b"picture"
    assert server.asked == [(f"images.internal:{server.server_port}", "/a.png")]
    with pytest.raises(InvalidImage, match=r"not valid for 'other\.internal'"):
        images(url.replace("images", "other", 1))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fc00::1]",
        "[ff02::1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::10.0.0.1]",
        "[2002:a00:1::]",
    ],
)
def test_addresses_that_are_not_public_are_refused(host: str) -> None:
    with pytest.raises(InvalidImage, match="HOUNDSTOOTH_IMAGE_HOSTS"):
        UrlImages()(f"http://{host}/a.png")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::8.8.8.8", True),
        ("::ffff:127.0.0.1", False),
        ("::127.0.0.1", False),
        ("fec0::1", False),
        ("2001:0:1::", False),
        ("2001:db8::1", False),
        ("198.18.0.1", False),
        ("192.0.2.1", False),
        ("192.0.0.8", False),
        ("192.88.99.1", False),
        ("3fff::1", False),
        ("5f00::1", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


def test_a_name_is_refused_by_any_of_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, images_example=[f"{PUBLIC},10.0.0.1"])
    with pytest.raises(InvalidImage, match=r"that of images\.example is not"):
        UrlImages()("http://images.example/a.png")


def test_the_connection_goes_to_the_address_that_was_checked(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is public when it is checked and would be loopback when asked again."""
    asked = names(monkeypatch, rebind_example=[PUBLIC, "127.0.0.1"])
    reached: list[str] = []

    class Network(socket.socket):
        """Carries connections to the public address to the server of this test."""

        def connect(self, where: Any) -> None:
            reached.append(where[0])
            super().connect(("127.0.0.1", server.server_port))

    monkeypatch.setattr("houndstooth.ingest.urls.socket.socket", Network)
    assert UrlImages()("http://rebind.example/a.png") == b"picture"
    assert (asked, reached) == (["rebind.example"], [PUBLIC])
    assert server.asked == [("rebind.example", "/a.png")]


def test_a_redirect_is_resolved_and_checked_anew(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(monkeypatch, images_internal=["127.0.0.1"] * 2)
    images = allowed()
    assert images(server.url("/a.png", "images.internal")) == b"picture"
    names(monkeypatch, images_internal=["127.0.0.1"], **{"127_0_0_2": ["127.0.0.2"]})
    with pytest.raises(InvalidImage, match=r"127\.0\.0\.2"):
        images(server.url("/to-loopback", "images.internal"))


def test_only_the_exact_name_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, cdn_images_internal=["127.0.0.1"], images_internal_example=["127.0.0.1"])
    for host in ("cdn.images.internal", "images.internal.example"):
        with pytest.raises(InvalidImage, match="public address"):
            allowed()(f"http://{host}/a.png")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://images.example/a.png",
        "http://",
        "http:///a.png",
        "http://user:s3cret@images.example/a.png",
        "http://images.example:port/a.png",
        "http://images.example:99999/a.png",
        "http://" + "a" * 300 + ".example/a.png",
        "http://..example/a.png",
        "http://[::1/a.png",
        "http://exa mple/a.png",
    ],
)
def test_odd_urls_are_refused(url: str) -> None:
    with pytest.raises(InvalidImage) as caught:
        UrlImages()(url)
    assert type(caught.value) is InvalidImage
    assert "s3cret" not in str(caught.value)
