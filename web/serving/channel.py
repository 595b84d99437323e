"""Receive requests: uploads that are too much are refused at their headers."""

from __future__ import annotations

from http import HTTPStatus
from math import inf
from socket import SHUT_WR
from time import monotonic, time
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask, WSGITask

from houndstooth.ingest.writes.webhooks import SHOPIFY, WOOCOMMERCE, may_be_signed
from houndstooth.web.access.addresses import client_address
from houndstooth.web.access.cors import refusal_headers
from houndstooth.web.observability.record import REQUEST_ID_HEADER, WAITED, read_request_id
from houndstooth.web.serving.limits import RECEIVE_SECONDS, REFUSED_SECONDS
from houndstooth.web.serving.pools import WEBHOOKS
from houndstooth.web.serving.refusal import OVERLOADED, Refusal, too_many_unsigned_refusal


class Request(HTTPRequestParser):
    """A request that is being received.

    Args:
        adj: waitress's settings.
        channel: The connection that it comes by.

    Attributes:
        error: Why it is refused; None if it is not.
        reserved: Bytes of its body, all of them from its headers on.
        command, path: Method and path; empty if its first line cannot be read.
    """

    command = path = ""
    error: Any
    completed: bool

    def __init__(self, adj: Any, channel: Channel) -> None:
        super().__init__(adj)
        self._channel = channel
        self.reserved = 0

    def received(self, data: bytes) -> int:
        """Take in what came; return how many bytes of it belong to this request."""
        began = self.headers_finished
        consumed: int = super().received(data)
        arrives = self.body_rcv is not None and not self.completed
        if self.headers_finished and not began and self.error is None:
            self._admit(arrives)
        if self.error is None:
            return consumed
        if not isinstance(self.error, Refusal):
            if self.error.code == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
                self.command = self.path = ""  # waitress has put GET / in their place
            self.error = Refusal.of(self.error, self._channel.server.body_bytes)
        # What follows is the rest of this request, and no client is told to send it.
        self.completed, self.expect_continue = True, False
        self._channel.discards = True
        return len(data)

    def _admit(self, arrives: bool) -> None:
        """Refuse at the headers what is too much; ``arrives`` tells whether a body follows."""
        server = self._channel.server
        unsigned = self.path.startswith(WEBHOOKS) and not self._may_be_signed()
        if unsigned and (wait := server.unsigned.wait(self.client)):
            self.error = too_many_unsigned_refusal(wait)
        elif arrives:
            self._reserve()

    def _may_be_signed(self) -> bool:
        """Tell whether a webhook has what may be its signature, which takes its body to check."""
        names = (shop.signature.upper().replace("-", "_") for shop in (SHOPIFY, WOOCOMMERCE))
        return any(may_be_signed(self.headers.get(name, "")) for name in names)

    def _reserve(self) -> None:
        server = self._channel.server
        size = server.body_bytes if self.chunked else self.content_length
        has_place = server.task_dispatcher.has_place(self)
        if has_place and server.has_room_for(size, self.client):
            self.reserved = size
        else:
            self.error = OVERLOADED

    @property
    def client(self) -> str:
        """Address of the client, behind trusted proxies too."""
        forwarded = self.headers.get("X_FORWARDED_FOR", "")
        proxies = self._channel.server.access.proxies
        return client_address(self._channel.addr[0], forwarded, proxies)


class Answer(WSGITask):
    """An answer of the application, which is told how long the request has waited."""

    def get_environment(self) -> dict[str, Any]:
        """Return the environment that WSGI asks for."""
        environment: dict[str, Any] = super().get_environment()
        return environment | {WAITED: monotonic() - self.channel.queued_at}


class RefusedAnswer(ErrorTask):
    """An answer without the application, which a page of an allowed origin can read."""

    def execute(self) -> None:
        """Answer, and record it."""
        request, error, server = self.request, self.request.error, self.channel.server
        if not isinstance(error, Refusal):  # waitress's own, where the application has failed
            error = request.error = Refusal.of(error, server.body_bytes)
        headers = request.headers
        request_id = read_request_id(headers.get("X_REQUEST_ID"), headers.get("TRACEPARENT"))
        self.response_headers.append((REQUEST_ID_HEADER, request_id))
        self.response_headers += refusal_headers(
            headers.get("ORIGIN", ""), server.access.cors_origins
        )
        super().execute()
        server.requests.refuse(request.command, request.path, error.status, error.code, request_id)


class Channel(HTTPChannel):
    """A connection.

    Attributes:
        deadline: When it is closed, if it has no request to be served.
        discards: Whether its last request is refused, so that what still comes is thrown away.
        queued_at: When its request was complete, and put into a queue.
        at_once: Whether its first request is to be answered in the thread that is at hand.
    """

    task_class, error_task_class = Answer, RefusedAnswer
    close_when_flushed: bool
    discards = False
    queued_at = 0.0
    at_once = False

    def __init__(self, server: Any, sock: Any, addr: Any, adj: Any, map: Any = None) -> None:
        super().__init__(server, sock, addr, adj, map=map)
        self.deadline = time() + RECEIVE_SECONDS
        server.make_room(addr[0])

    def parser_class(self, adj: Any) -> Request:
        """Create the parser of a request."""
        return Request(adj, self)

    @property
    def reserved(self) -> int:
        """Bytes of the bodies of its requests."""
        return sum(one.reserved for one in (self.request, *self.requests) if one is not None)

    @property
    def client(self) -> str:
        """Address of the client of its request, behind trusted proxies too."""
        request = self.requests[0] if self.requests else self.request
        return request.client if request is not None else str(self.addr[0])

    @property
    def is_idle(self) -> bool:
        """True if all that came is answered."""
        return not (self.requests or self.request or self.total_outbufs_len)

    def is_late(self, now: float) -> bool:
        """Tell whether its request, or the reading of its answer, has taken too long."""
        if self.total_outbufs_len and now > self.last_activity + RECEIVE_SECONDS:
            return True
        return not (self.requests or self.total_outbufs_len) and now > self.deadline

    def received(self, data: bytes) -> bool:
        """Take in what came, and answer what takes no thread."""
        taken: bool = super().received(data)
        self._answer_at_once()
        return taken

    def service(self) -> None:
        """Answer the first request, and those after it that take no thread."""
        self._answer()
        self._answer_at_once()

    def _answer_at_once(self) -> None:
        while True:
            with self.requests_lock:  # the dispatcher has it when it sets this
                at_once, self.at_once = self.at_once, False
            if not at_once:
                return
            self._answer()

    def _answer(self) -> None:
        self.deadline = inf
        super().service()
        self.deadline = time() + RECEIVE_SECONDS

    def handle_read(self) -> None:
        """Receive, or throw away the rest of a refused request."""
        if not self.discards:
            super().handle_read()
            return
        try:
            self.recv(self.adj.recv_bytes)
        except OSError:
            self.handle_close()

    def handle_write(self) -> None:
        """Send; a refused client that still sends is left time to read the answer."""
        if not (self.discards and self.close_when_flushed) or self.total_outbufs_len:
            super().handle_write()
            return
        self.close_when_flushed = False
        self.deadline = time() + REFUSED_SECONDS
        try:
            self.socket.shutdown(SHUT_WR)
        except OSError:
            self.handle_close()

    def handle_close(self) -> None:
        """Close, and free the body of a request that will not become complete."""
        if self.request is not None:
            self.request.close()
        super().handle_close()
