"""What becomes of searches, health and memory when far more is asked than can be answered.

``python -m tests.benchmarks.overload --engine URL --photos DIR [--clients N] [--seconds N]``

Starts the real server (``houndstooth serve``) on a catalogue. It is asked by 8 clients, then by
many that wait for their answer and pause as long as a 503 says; then clients hang up, and large
uploads come all at once; at last it is ended by SIGTERM with searches in hand. A health check goes
on throughout. Prints a line a promise and ends with 1 if one is not kept. Memory is looked at each
second of the overload: the median of its last tenth may be 5 % above that of its second one. Ask
for 1800 seconds to see that it is flat.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path
from statistics import linear_regression, median
from subprocess import Popen

from tests.benchmarks.query_time import BOUNDARY, SUFFIXES, form, serve_process
from tests.load import (
    Reply,
    ask,
    hang_up,
    patient,
    request,
    resident_mb,
    slowest,
    statuses,
    watched,
)

USUAL_CLIENTS = 8
LARGE_UPLOADS, LARGE_BYTES = 26, 11_900_000
IN_HAND = 12
MEMORY_GROWTH = 1.05


class Promises:
    """Prints promises with what was measured, and counts those that are not kept."""

    broken = 0

    def check(self, promise: str, measured: str, kept: bool) -> None:
        self.broken += not kept
        print(f"{'kept  ' if kept else 'BROKEN'}  {promise:<52}{measured}", flush=True)

    def healthy(self, while_: str, health: list[Reply]) -> None:
        kept = set(statuses(health)) == {200} and slowest(health) < 0.1
        measured = f"{1000 * slowest(health):.0f} ms of {len(health)}, {statuses(health)}"
        self.check(f"/healthz within 100 ms, {while_}", measured, kept)


def search(photo: bytes) -> bytes:
    """The request of a search by photo."""
    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    return request("POST", "/api/v1/search", form(photo), Content_Type=content_type)


async def measure(
    server: Popen[bytes], port: int, photos: list[bytes], clients: int, seconds: int
) -> int:
    """Run all loads one after another; how many promises were broken."""
    promises, searches = Promises(), [search(photo) for photo in photos]
    await patient(port, searches, USUAL_CLIENTS, 5)
    usual = await patient(port, searches, USUAL_CLIENTS, max(10, seconds / 4))
    rate = len(usual) / max(10, seconds / 4)
    p99 = slowest(usual, 200, percent=99)
    promises.check(
        f"{USUAL_CLIENTS} clients are all answered",
        f"{statuses(usual)}, {rate:.1f}/s, p99 {p99:.2f} s",
        set(statuses(usual)) == {200},
    )

    load = asyncio.create_task(patient(port, searches, clients, seconds))
    memory = asyncio.create_task(_memory(server.pid, seconds))
    health = await watched(port, load)
    many = load.result()
    answered = statuses(many).get(200, 0) / seconds
    promises.check(
        f"{clients} clients: answers and 503 alone",
        f"{statuses(many)}, {answered:.1f} answers/s",
        set(statuses(many)) <= {200, 503},
    )
    longest, refused = slowest(many, 200), slowest(many, 503)
    promises.check("every answer within 2 s", f"{longest:.2f} s", longest < 2)
    promises.check(
        "every 503 within 100 ms",
        f"{1000 * refused:.0f} ms, p99 {1000 * slowest(many, 503, percent=99):.0f} ms",
        refused < 0.1,
    )
    ratio = slowest(many, 200, percent=99) / p99
    promises.check(
        "p99 of answers at most twice that of 8 clients",
        f"{ratio * p99:.2f} s, {ratio:.2f} times",
        ratio <= 2,
    )
    promises.healthy(f"{clients} clients", health)
    used = await memory
    tenth = max(1, len(used) // 10)
    early, late = median(used[tenth : 2 * tenth]), median(used[-tenth:])
    hourly = 3600 * linear_regression(range(len(used) - tenth), used[tenth:]).slope
    promises.check(
        f"memory flat: at most {MEMORY_GROWTH - 1:.0%} more at the end",
        f"{early:.0f} MB, {late:.0f} MB, at most {max(used):.0f} MB, {hourly:+.0f} MB an hour",
        late <= MEMORY_GROWTH * early,
    )

    health = await watched(port, hang_up(port, searches[0], 100))
    after = await ask(port, searches[0])
    promises.healthy("100 clients hang up", health)
    promises.check(
        "a search after them", f"{after.status}, {after.seconds:.2f} s", after.seconds < 2
    )

    large = search(b"\xff\xd8" + bytes(LARGE_BYTES))
    uploads = asyncio.gather(*(ask(port, large) for _ in range(LARGE_UPLOADS)))
    health = await watched(port, uploads)
    found = statuses(await uploads)
    promises.check(
        f"{LARGE_UPLOADS} uploads of 12 MB: no 500", f"{found}", set(found) <= {422, 503}
    )
    promises.healthy("large uploads", health)

    in_hand = [asyncio.create_task(ask(port, one)) for one in searches[:IN_HAND]]
    await asyncio.sleep(0.1)
    server.send_signal(signal.SIGTERM)
    found = statuses(await asyncio.gather(*in_hand))
    status = await asyncio.to_thread(server.wait, 20)
    promises.check(
        "SIGTERM: what was accepted is answered, status 0",
        f"{found}, status {status}",
        (found, status) == ({200: IN_HAND}, 0),
    )
    return promises.broken


async def _memory(process: int, seconds: int) -> list[float]:
    """Memory in MB, once a second."""
    used = []
    for _ in range(seconds):
        await asyncio.sleep(1)
        used.append(resident_mb(process))
    return used


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.overload")
    parser.add_argument("--engine", required=True, metavar="URL", help="with a catalogue in it")
    parser.add_argument("--photos", required=True, type=Path, metavar="DIR", help="photos to ask")
    parser.add_argument("--clients", type=int, default=96, metavar="N", help="default: %(default)s")
    parser.add_argument("--seconds", type=int, default=60, metavar="N", help="default: %(default)s")
    given = parser.parse_args()
    files = sorted(file for file in given.photos.rglob("*") if file.suffix.lower() in SUFFIXES)
    if len(files) < IN_HAND:
        print(f"expected {IN_HAND} photos in {given.photos}; got {len(files)}", file=sys.stderr)
        return 2
    photos = [file.read_bytes() for file in files[:: max(1, len(files) // 200)]]
    with serve_process(given.engine) as (server, port):
        broken = asyncio.run(measure(server, port, photos, given.clients, given.seconds))
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
