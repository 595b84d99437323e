"""The containers without an engine to run them: what Dockerfile and compose file say, as processes.

An `Image` is built by the Dockerfile's own COPY lines into a folder, beside a virtual environment
that holds what requirements.lock names and nothing else. A `Container` is a service's command in
it, with the service's environment and none of ours, no capabilities, and code it cannot write.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import time
import venv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CONFINED = ["setpriv", "--no-new-privs"] + (
    ["--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
)


def read_compose(settings: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The compose file with its ${NAME:-default} filled in from the settings."""

    def fill(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: fill(value) for key, value in node.items()}
        if isinstance(node, list):
            return [fill(value) for value in node]
        if isinstance(node, str):
            return re.sub(r"\$\{(\w+):-([^}]*)\}", value_of, node)
        return node

    def value_of(found: re.Match[str]) -> str:
        return (settings or {}).get(found[1]) or found[2]

    compose: dict[str, Any] = fill(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))
    return compose


def read_dockerfile() -> list[tuple[str, str]]:
    """Instructions and their arguments, in order."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = filter(None, re.sub(r"\\\n\s*", "", text).splitlines())
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def locked() -> dict[str, str]:
    """Versions by package, of requirements.lock."""
    text = (ROOT / "requirements.lock").read_text()
    return dict(re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, flags=re.MULTILINE))


def ignored(path: Path) -> bool:
    """Whether .dockerignore keeps a path, relative to the checkout, out of the build."""
    out = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#"):
            pattern = re.escape(line.removeprefix("!")).replace(r"\*\*/", "(.*/)?")
            pattern = pattern.replace(r"\*", "[^/]*")
            if re.fullmatch(f"{pattern}(/.*)?", path.as_posix()):
                out = not line.startswith("!")
    return out


class Image:
    """The image: ``app`` is its working directory, ``venv`` its Python."""

    def __init__(self, folder: Path) -> None:
        self.app, self.venv = folder / "app", folder / "venv"
        self.environment: dict[str, str] = {}
        self.command: list[str] = []
        for instruction, arguments in read_dockerfile():
            if instruction == "COPY":
                self._copy(*arguments.split())
            elif instruction == "ENV":
                self.environment |= dict(word.split("=", 1) for word in shlex.split(arguments))
            elif instruction == "CMD":
                self.command = json.loads(arguments)
        self._install()
        for path in [self.app, *self.app.rglob("*")]:
            path.chmod(path.stat().st_mode & ~0o222)

    def sizes(self) -> dict[str, int]:
        """Bytes by package and of the application; sources counted twice, for their bytecode."""
        sizes = {name: _bytes(_files(distribution(name))) for name in locked()}
        return sizes | {"app": _bytes(path for path in self.app.rglob("*") if path.is_file())}

    def _copy(self, source: str, target: str) -> None:
        start = ROOT / source
        for path in [start, *start.rglob("*")]:
            relative = path.relative_to(ROOT)
            if path.is_file() and not ignored(relative):
                copy = self.app / target / path.relative_to(start if start.is_dir() else ROOT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copy)

    def _install(self) -> None:
        """Link the locked packages of this environment into one that has no others."""
        venv.create(self.venv, symlinks=True)
        [packages] = self.venv.glob("lib/python*/site-packages")
        for name, version in locked().items():
            package = distribution(name)
            assert package.version == version, f"{name} is {package.version}, locked {version}"
            for path in _files(package):
                link = packages / path.relative_to(str(package.locate_file("")))
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(path)
            for entry in package.entry_points.select(group="console_scripts"):
                script = self.venv / "bin" / entry.name
                script.write_text(
                    f"#!{self.venv}/bin/python\nimport sys\n"
                    f"from {entry.module} import {entry.attr}\nsys.exit({entry.attr}())\n"
                )
                script.chmod(0o755)


def _files(package: Distribution) -> Iterator[Path]:
    """A package's files as its installer recorded them, without scripts and bytecode."""
    root = str(package.locate_file(""))
    for file in package.files or ():
        path = Path(str(package.locate_file(file)))
        if ".." not in file.parts and file.suffix != ".pyc" and path.is_file():
            assert path.is_relative_to(root)
            yield path


def _bytes(paths: Iterator[Path]) -> int:
    return sum(path.stat().st_size * (2 if path.suffix == ".py" else 1) for path in paths)


@dataclass
class Container:
    """A service of the compose file as a process on this machine.

    Args:
        places: what the containers' network and volumes are here: text to replace in commands,
            environment and health checks, such as ``redis:6379`` by an address that answers.
    """

    name: str
    service: Mapping[str, Any]
    image: Image
    places: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Run the service's command, or the image's."""
        command = self.service.get("command") or self.image.command
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._words(command), stdout=log, stderr=log, **self._surroundings()
            )

    def run(
        self, command: str | Sequence[str], timeout: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """A command beside the service's own, as ``docker compose exec`` runs it."""
        words = self._words(command)
        return subprocess.run(
            words, capture_output=True, text=True, timeout=timeout, **self._surroundings()
        )

    def is_healthy(self) -> bool:
        """One run of the service's health check."""
        check = self.service["healthcheck"]
        kind, *words = check["test"]
        command = ["sh", "-c", words[0].replace("$$", "$")] if kind == "CMD-SHELL" else words
        try:
            run = self.run(command, timeout=float(check["timeout"].removesuffix("s")))
        except subprocess.TimeoutExpired:
            return False
        return run.returncode == 0

    def wait(self, seconds: float = 120) -> None:
        """Until it is healthy; fails, with its log, when it ends or takes too long."""
        deadline = time.monotonic() + seconds
        while not self.is_healthy():
            ended = self.process is not None and self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"{self.name} is not healthy:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.5)

    def stop(self) -> int:
        """Ask it to end, as ``docker stop`` does; returns its exit status."""
        assert self.process is not None
        self.process.terminate()
        try:
            return self.process.wait(60)
        finally:
            self.process.kill()

    def _words(self, command: str | Sequence[str]) -> list[str]:
        words = shlex.split(command) if isinstance(command, str) else command
        return CONFINED + [self._place(word) for word in words]

    def _surroundings(self) -> dict[str, Any]:
        environment = {
            "PATH": f"{self.image.venv}/bin:{os.environ['PATH']}",
            "HOSTNAME": os.uname().nodename,
            "LANG": "C.UTF-8",
            **self.image.environment,
            **self.service.get("environment", {}),
        }
        return {
            "cwd": self.image.app,
            "env": {name: self._place(value) for name, value in environment.items()},
            "stdin": subprocess.DEVNULL,
        }

    def _place(self, text: str) -> str:
        places = {"/app": str(self.image.app), **self.places}
        known = "|".join(map(re.escape, places))
        return re.sub(rf"(?<!\w)({known})(?!\w)", lambda found: places[found[0]], text)
