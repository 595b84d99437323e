"""The limits that a container engine sets for a service, set for processes on this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from resource import RLIMIT_NOFILE, getrlimit, prlimit
from time import sleep
from typing import Any
from uuid import uuid4

UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
CGROUPS = Path("/sys/fs/cgroup")
ENTER = 'while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs"; shift; done; shift; exec "$@"'
"""Program of sh that enters control groups, and then runs a command."""


def read_bytes(text: str) -> int:
    """A size of the compose file, such as ``2g``, in bytes."""
    number, unit = re.fullmatch(r"(\d+)([bkmg]?)b?", text.lower()).groups()  # type: ignore[union-attr]
    return int(number) * UNITS[unit]


def read_seconds(text: str) -> float:
    """A duration of the compose file, such as ``1m30s``, in seconds."""
    parts = re.findall(r"(\d+)(ms|s|m|h)", text)
    assert text == "".join(map("".join, parts)) != ""
    return sum(int(number) * SECONDS[unit] for number, unit in parts)


def ulimit_words(service: Mapping[str, Any]) -> list[str]:
    """The command that runs another one with a service's number of open files.

    It is no higher than this machine allows, which is less than OpenSearch's.
    """
    allowed = getrlimit(RLIMIT_NOFILE)[1]
    soft, hard = (min(service["ulimits"]["nofile"][kind], allowed) for kind in ("soft", "hard"))
    return ["prlimit", f"--nofile={soft}:{hard}", "--"]


def open_files_limit(process: int) -> tuple[int, int]:
    """How many files a process may open, soft and hard."""
    soft, hard = prlimit(process, RLIMIT_NOFILE)
    return soft, hard


def open_files(process: int) -> int:
    """How many files a process has open."""
    return len([*Path(f"/proc/{process}/fd").iterdir()])


class ControlGroups:
    """A service's limits of memory and processes, by the kernel's control groups (version 1).

    Args:
        service: As the compose file has it.
    """

    def __init__(self, service: Mapping[str, Any]) -> None:
        name = f"houndstooth-{uuid4().hex}"
        self.memory, self.pids = CGROUPS / "memory" / name, CGROUPS / "pids" / name
        for folder in (self.memory, self.pids):
            folder.mkdir()
        limit = str(read_bytes(service["mem_limit"]))
        (self.memory / "memory.limit_in_bytes").write_text(limit)
        with suppress(OSError):  # a kernel may not count swap
            (self.memory / "memory.memsw.limit_in_bytes").write_text(limit)
        (self.pids / "pids.max").write_text(str(service["pids_limit"]))

    @staticmethod
    def are_there() -> bool:
        """Whether this user can make them on this machine."""
        return all(os.access(CGROUPS / kind, os.W_OK) for kind in ("memory", "pids"))

    def words(self) -> list[str]:
        """The command that runs another one in the groups."""
        return ["sh", "-c", ENTER, "sh", str(self.memory), str(self.pids), "--"]

    def killed(self) -> int:
        """How many processes the kernel has killed for want of memory."""
        return self._read(self.memory / "memory.oom_control", "oom_kill")

    def refused_processes(self) -> int:
        """How often a process or thread was one too many."""
        return self._read(self.pids / "pids.events", "max")

    def resident_mb(self) -> float:
        """Memory in use, in MB, without the page cache."""
        return self._read(self.memory / "memory.stat", "total_rss") / 1e6

    def close(self) -> None:
        """Remove the groups, once their processes have ended."""
        for folder in (self.memory, self.pids):
            for _ in range(100):
                with suppress(OSError):
                    folder.rmdir()
                    break
                sleep(0.1)

    def _read(self, file: Path, name: str) -> int:
        return int(dict(line.split() for line in file.read_text().splitlines())[name])
