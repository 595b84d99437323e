"""The containers without an engine to run them: what Dockerfile and compose file say, as processes.

An `Image` is built by the COPY lines and the `pip wheel` of the Dockerfile: a virtual environment
that holds what requirements.lock names, the wheel, and nothing else. A `Container` is a service's
command in it, with the service's environment and none of ours, no capabilities, and code it cannot
write.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

import yaml

from tests.integration.limits import ControlGroups, read_seconds, ulimit_words

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


def read_stages() -> list[list[tuple[str, str]]]:
    """The Dockerfile's instructions, a list for each stage."""
    stages: list[list[tuple[str, str]]] = []
    for instruction in read_dockerfile():
        if instruction[0] == "FROM":
            stages.append([])
        stages[-1].append(instruction)
    return stages


def pip_commands(stage: Sequence[tuple[str, str]]) -> list[list[str]]:
    """The words of a stage's pip commands, `pip` left out."""
    runs = [shlex.split(arguments) for name, arguments in stage if name == "RUN"]
    return [words[words.index("pip") + 1 :] for words in runs if "pip" in words]


def locked(lock: str = "requirements.lock") -> dict[str, str]:
    """Versions by package, of a lock."""
    text = (ROOT / lock).read_text()
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
    """The image: ``app`` is its working directory, ``venv`` its Python, ``package`` our code."""

    def __init__(self, folder: Path) -> None:
        self.app, self.venv, self.wheels = folder / "app", folder / "venv", folder / "wheels"
        self.environment: dict[str, str] = {}
        self.command: list[str] = []
        build, final = read_stages()
        self._build(build, folder / "src")
        for instruction, arguments in final:
            if instruction == "COPY":
                self._copy(arguments, self.app)
            elif instruction == "ENV":
                self.environment |= dict(word.split("=", 1) for word in shlex.split(arguments))
            elif instruction == "CMD":
                self.command = json.loads(arguments)
        self._install(final)
        [self.package] = self.venv.glob("lib/python*/site-packages/houndstooth")
        owned = (self.app, self.package)
        for path in [path for top in owned for path in (top, *top.rglob("*"))]:
            path.chmod(path.stat().st_mode & ~0o222)

    def sizes(self) -> dict[str, int]:
        """Bytes by package and of our code; sources counted twice, for their bytecode."""
        sizes = {name: _bytes(_files(distribution(name))) for name in locked()}
        ours = (path for path in self.package.rglob("*") if path.suffix != ".pyc")
        return sizes | {"houndstooth": _bytes(path for path in ours if path.is_file())}

    def _copy(self, arguments: str, workdir: Path) -> None:
        """Copy what .dockerignore leaves; links stay links."""
        *sources, target = arguments.split()
        for source in sources:
            start = ROOT / source
            for path in [start, *start.rglob("*")]:
                if (path.is_file() or path.is_symlink()) and not ignored(path.relative_to(ROOT)):
                    copy = workdir / target / path.relative_to(start if start.is_dir() else ROOT)
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, copy, follow_symlinks=False)

    def _build(self, stage: Sequence[tuple[str, str]], folder: Path) -> None:
        """Run the stage's `pip wheel` on what it copies, with the locked packages that build."""
        for instruction, arguments in stage:
            if instruction == "COPY":
                self._copy(arguments, folder)
        for name, version in locked("requirements-build.lock").items():
            assert distribution(name).version == version, f"{name} {version} is not installed here"
        [words] = [words for words in pip_commands(stage) if words[0] == "wheel"]
        self._pip(sys.executable, words, folder)

    def _pip(self, python: str | Path, words: Sequence[str], folder: Path) -> None:
        """Run a pip command of the Dockerfile for one Python; a pattern stands for its files."""
        placed = []
        for word in words:
            path = Path(word.replace("/wheels", str(self.wheels)))
            found = [str(one) for one in path.parent.glob(path.name)] if "*" in word else []
            placed += found or [word.replace("/wheels", str(self.wheels))]
        command = [sys.executable, "-m", "pip", "--python", str(python), *placed]
        subprocess.run(command, cwd=folder, check=True)

    def _install(self, stage: Sequence[tuple[str, str]]) -> None:
        """Link the locked packages into an environment of their own; install the wheel there."""
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
        for words in pip_commands(stage):
            if "requirements.lock" not in words:
                self._pip(self.venv / "bin" / "python", words, self.app)


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
    """A service of the compose file as a process on this machine, under the service's limits.

    Limits of memory and processes are set where this user can; see ``groups``.

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
    groups: ControlGroups | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if ControlGroups.are_there():
            self.groups = ControlGroups(self.service)

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
            return self.process.wait(read_seconds(self.service["stop_grace_period"]))
        finally:
            self.process.kill()

    def kill(self) -> None:
        """End it without a warning, as a machine that fails does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Stop it if it runs, and remove its control groups."""
        if self.process and self.process.poll() is None:
            self.stop()
        if self.groups:
            self.groups.close()

    def _words(self, command: str | Sequence[str]) -> list[str]:
        words = shlex.split(command) if isinstance(command, str) else command
        limits = (self.groups.words() if self.groups else []) + ulimit_words(self.service)
        return limits + CONFINED + [self._place(word) for word in words]

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
