"""Load on a server by HTTP: patient clients, clients that hang up, slow ones, a health check."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

HOST = "127.0.0.1"
WAIT_SECONDS = 30
"""How long a client waits for its answer."""


@dataclass(frozen=True)
class Reply:
    """A server's reply.

    Attributes:
        status: of HTTP; 0 = the connection was refused or broke, -1 = no answer in time.
        seconds: from connecting to the end of the answer.
    """

    status: int
    seconds: float
    head: bytes = b""
    body: bytes = b""


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """A request of HTTP, after which the server closes the connection."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


HEALTH = request("GET", "/healthz")


async def ask(port: int, sent: bytes, wait: float = WAIT_SECONDS) -> Reply:
    """Send a request and read the whole answer."""
    started = time.perf_counter()
    status, answer = 0, b""
    try:
        async with asyncio.timeout(wait):
            answer = await _exchange(port, sent)
            status = int(answer[9:12] or 0)
    except TimeoutError:
        status = -1
    except OSError:
        pass
    head, _, body = answer.partition(b"\r\n\r\n")
    return Reply(status, time.perf_counter() - started, head, body)


async def _exchange(port: int, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        with suppress(ConnectionError):  # refused before all was sent: the answer may be there
            writer.write(sent)
            await writer.drain()
        return await reader.read()
    finally:
        writer.close()


async def patient(
    port: int, requests: Sequence[bytes], clients: int, seconds: float, pause: float = 1
) -> list[Reply]:
    """Replies to clients that ask again and again, and pause after a 503.

    They begin one after another within a pause, as shoppers do.
    """
    until = time.perf_counter() + seconds
    replies: list[Reply] = []

    async def client(number: int) -> None:
        place = number
        await asyncio.sleep(pause * number / clients)
        while time.perf_counter() < until:
            reply = await ask(port, requests[place % len(requests)])
            replies.append(reply)
            place += clients
            if reply.status != 200:
                await asyncio.sleep(pause)

    await asyncio.gather(*(client(number) for number in range(clients)))
    return replies


async def hang_up(port: int, sent: bytes, clients: int) -> None:
    """Let clients ask and go before the answer; return when the server has had time for it."""

    async def client() -> None:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(HOST, port)
            writer.write(sent)
            await asyncio.sleep(0.05)
            writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    await asyncio.sleep(1)


async def drip(port: int, sent: bytes, clients: int, seconds: float) -> int:
    """Let clients send a byte a second; how many the server cut off."""
    cut = 0

    async def client() -> None:
        nonlocal cut
        until = time.perf_counter() + seconds
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            for place in range(len(sent)):
                writer.write(sent[place : place + 1])
                with suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        await reader.read()
                        break
                if time.perf_counter() >= until:
                    return
        except OSError:
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        cut += 1

    await asyncio.gather(*(client() for _ in range(clients)))
    return cut


async def watched(port: int, load: Awaitable[object]) -> list[Reply]:
    """Replies to a health check, by a process of its own, while there is this load."""
    watch = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.load", str(port)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[1],
    )
    assert watch.stdin and watch.stdout
    await watch.stdout.readline()
    await load
    watch.stdin.close()
    lines = (await watch.stdout.read()).split(b"\n")
    await watch.wait()
    found = [line.split() for line in lines if line]
    return [Reply(int(status), float(seconds)) for status, seconds in found]


async def _watch(port: int) -> None:
    """Print status and seconds of a health check again and again, until the input ends."""
    print("begun", flush=True)
    reading = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    while not reading.done():
        reply = await ask(port, HEALTH)
        print(reply.status, reply.seconds, flush=True)
        await asyncio.sleep(0.05)


def statuses(replies: Sequence[Reply]) -> dict[int, int]:
    """How many replies of each status."""
    return dict(Counter(reply.status for reply in replies))


def slowest(replies: Sequence[Reply], status: int | None = None, percent: int = 100) -> float:
    """Seconds within which that many of 100 replies came; 0 if there are none."""
    times = [reply.seconds for reply in replies if status in (None, reply.status)]
    if percent == 100 or len(times) < 2:
        return max(times, default=0)
    return quantiles(times, n=100, method="inclusive")[percent - 1]


def resident_mb(process: int) -> float:
    """Memory that a process has in use, in MB; what it has mapped several times counts once.

    Each connection to a SQLite file maps the whole file; its pages are in memory once.
    """
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1000
    raise ValueError(f"expected a process; got {process}")


if __name__ == "__main__":
    asyncio.run(_watch(int(sys.argv[1])))
