"""Traces by OpenTelemetry: where they are asked for, to a receiver of OTLP."""

from __future__ import annotations

import builtins
import io
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.web.observability.traces import open_traces
from tests.integration.web_catalogue import draw, file_of, make_app

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Receiver(BaseHTTPRequestHandler):
    """Takes spans by OTLP over HTTP."""

    resources: list[dict[str, str]]
    spans: list[Any]

    def do_POST(self) -> None:
        message = ExportTraceServiceRequest()
        message.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
        for sent in message.resource_spans:
            found = {one.key: one.value.string_value for one in sent.resource.attributes}
            self.resources.append(found)
            for scope in sent.scope_spans:
                self.spans.extend(scope.spans)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Receiver]]:
    """A receiver, at the address that the standard variables name."""
    handler = type("OneReceiver", (Receiver,), {"resources": [], "spans": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield handler
        server.shutdown()
        thread.join()


def test_a_search_is_a_trace(
    tmp_path: Path, receiver: type[Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
    app = make_app(tmp_path, traces=True)
    image = (io.BytesIO(file_of(draw("green"))), "mine.png")
    headers = {"traceparent": f"00-{TRACE}-{CALLER}-01", "X-Request-ID": "shop-42"}
    client = app.test_client()
    data = {"image": image, "filter": "price:..5000"}
    assert client.post("/api/v1/search", data=data, headers=headers).status_code == 200
    assert client.get("/healthz").status_code == 200
    assert client.get("/nowhere").status_code == 404
    app.extensions["houndstooth_requests"].traces.provider.shutdown()
    app.extensions["houndstooth"].engine.close()

    assert receiver.resources[0]["service.name"] == "houndstooth"
    assert receiver.resources[0]["deployment.environment"] == "test"
    spans = [span for span in receiver.spans if span.trace_id.hex() == TRACE]
    (other,) = [span for span in receiver.spans if span.trace_id.hex() != TRACE]
    assert other.name == "GET none", "health has no trace"
    (root,) = [span for span in spans if span.parent_span_id.hex() == CALLER]
    assert root.name == "POST /api/v1/search"
    attributes = {one.key: one.value for one in root.attributes}
    assert attributes["http.response.status_code"].int_value == 200
    assert attributes["http.route"].string_value == "/api/v1/search"
    assert attributes["houndstooth.request_id"].string_value == "shop-42"
    by_id = {span.span_id: span for span in spans}
    names = set()
    for span in spans:
        assert root.start_time_unix_nano - 10**6 <= span.start_time_unix_nano
        assert span.start_time_unix_nano <= span.end_time_unix_nano
        assert span.end_time_unix_nano <= root.end_time_unix_nano + 10**6
        parent = by_id.get(span.parent_span_id)
        names.add((span.name, parent.name if parent else None))
    stages = {name for name, parent in names if parent == root.name}
    assert stages >= {"decode", "extract", "candidates", "rerank", "fetch"}
    assert {("engine match", "candidates"), ("engine show", "fetch")} <= names
    assert "mine.png" not in str(spans) and "5000" not in str(spans)


def test_another_name_of_the_service(
    receiver: type[Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "shop-search")
    provider = open_traces().provider
    assert provider.resource.attributes["service.name"] == "shop-search"
    provider.shutdown()


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *arguments: Any) -> Any:
        if name.startswith("opentelemetry"):
            raise ImportError(f"No module named {name!r}")
        return real(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(InvalidConfig, match=r"HOUNDSTOOTH_TRACES: .* houndstooth\[traces\]"):
        open_traces()
