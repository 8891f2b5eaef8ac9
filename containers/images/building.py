"""Images had: pulled where a registry answers, otherwise made here from Debian packages, a Go module and wheels.

Nothing is done for an image that is there. The engine's own client makes them, so that no `docker` program is needed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from containers.engine.api import socket_path
from containers.images import debian_base, jaeger_binary
from containers.images.catalogue import CHECKOUT, IMAGES, RECIPES, SERVICE, choose, is_here, registry_refuses
from containers.ladder import BackendUnavailable

_STEP_WITHIN = 900.0  # seconds for one answer of the engine: a silent step of a recipe
_PROXIES = ("http_proxy", "https_proxy", "no_proxy")  # Docker knows these arguments, and keeps them out of the image


def have(name: str, *, local: bool = False) -> str:
    """Have the image `name`: one line on what was done. `local` makes it also where a registry answers.

    Raises `BackendUnavailable` where no engine answers or the image cannot be made.
    """
    image = IMAGES[name]
    if is_here(image.local):
        return f"{image.local} (made here before)"
    if not local:
        if os.environ.get(image.variable) or (image.official and not registry_refuses(image.official)):
            return _pulled(choose(name).reference)
        if image.official and is_here(image.official):
            return f"{image.official} (pulled before)"
    return _timed(f"{image.local} (made here", lambda: _make(name))


def _pulled(reference: str) -> str:
    if is_here(reference):
        return f"{reference} (pulled before)"
    with _client() as client:
        return _timed(f"{reference} (pulled", lambda: client.images.pull(reference))


def _timed(what: str, action: Callable[[], object]) -> str:
    start = time.monotonic()
    action()
    return f"{what} in {time.monotonic() - start:.0f} s)"


def _make(name: str) -> None:
    with _client() as client, tempfile.TemporaryFile() as context:
        arguments: dict[str, str] = {}
        if name != "jaeger":
            arguments["BASE"] = _base(name, client)
        _RECIPES[name](context)
        _build(client, context, IMAGES[name].local, arguments)


def _base(name: str, client: Any) -> str:
    """Where a registry answers, the base that the recipe names; otherwise one of our own."""
    official = next(
        line.partition("=")[2] for line in _recipe(name).read_text().splitlines() if line.startswith("ARG BASE=")
    )
    return official if is_here(official) or not registry_refuses(official) else debian_base.ensure(client)


def _recipe(name: str) -> Path:
    return RECIPES / name / "Dockerfile"


def _debian(name: str) -> Callable[[IO[bytes]], None]:
    return lambda context: _pack(context, {file.name: file for file in (RECIPES / name).iterdir()})


def _jaeger(context: IO[bytes]) -> None:
    program = jaeger_binary.make()
    _pack(context, {"Dockerfile": _recipe("jaeger"), "jaeger": program, "health": program.parent / "health"})


def _studio(context: IO[bytes]) -> None:
    lists_pins = _recipe("studio").parent / "requirements.py"
    with tempfile.TemporaryDirectory(prefix="spanpact-wheels-") as wheels:
        _download(Path(wheels), lists_pins)
        files = {"Dockerfile": _recipe("studio"), "wheels": Path(wheels)}
        files[str(lists_pins.relative_to(CHECKOUT))] = lists_pins
        _pack(context, files | {name: CHECKOUT / name for name in SERVICE})


def _download(wheels: Path, lists_pins: Path) -> None:
    """The wheels that the services import: by this machine's pip, whose settings say where from."""
    pins = _run(lists_pins, CHECKOUT / "pyproject.toml", CHECKOUT / "constraints.txt")
    # The image's Python 3.11 may be another patch release than this one: what only one of them needs comes too.
    pins = re.sub(r" ; python_full_version\b[^\\\n]*", " ", pins)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write(pins)
        requirements.flush()
        pip = ("-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:")
        _run(*pip, "--python-version=3.11", "--require-hashes", "-d", wheels, "-r", requirements.name)


def _run(*arguments: str | Path) -> str:
    done = subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        shown = " ".join(str(argument) for argument in arguments[:3])
        raise BackendUnavailable(f"python {shown} ended with code {done.returncode}: {last}")
    return done.stdout


_RECIPES: Mapping[str, Callable[[IO[bytes]], None]] = {
    "redis": _debian("redis"),
    "postgres": _debian("postgres"),
    "jaeger": _jaeger,
    "studio": _studio,
}


def _pack(context: IO[bytes], files: Mapping[str, Path]) -> None:
    with tarfile.open(fileobj=context, mode="w") as archive:
        for name, file in files.items():
            archive.add(file, name, filter=_without_bytecode)
    context.seek(0)


def _without_bytecode(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if "__pycache__" in entry.name else entry


def _build(client: Any, context: IO[bytes], tag: str, arguments: Mapping[str, str]) -> None:
    from docker.errors import BuildError

    proxies = {name: os.environ[name] for name in _PROXIES if name in os.environ}
    try:
        # The host's network: a machine that can hardly reach anything may not do so from a bridge.
        client.images.build(
            fileobj=context,
            custom_context=True,
            tag=tag,
            buildargs={**proxies, **arguments},
            network_mode="host",
            rm=True,
            forcerm=True,
        )
    except BuildError as error:
        raise BackendUnavailable(f"{tag} cannot be made: {_last_words(error.build_log)}") from error


def _last_words(log: Iterable[Mapping[str, str]]) -> str:
    """What the step that failed said last, without the engine's own words."""
    said = [re.sub(r"\x1b\[\d*m", "", entry.get("stream", "")).strip() for entry in log]
    own = ("Removing intermediate container", "--->", "Step ")
    return next((line for line in reversed(said) if line and not line.startswith(own)), "the engine says no more")


@contextmanager
def _client() -> Iterator[Any]:
    try:
        import docker
    except ImportError as error:
        raise BackendUnavailable("the package testcontainers, and docker with it, is not installed") from error
    client = docker.DockerClient(base_url=f"unix://{socket_path()}", timeout=_STEP_WITHIN)
    try:
        yield client
    except docker.errors.DockerException as error:
        raise BackendUnavailable(f"the Docker engine says: {str(error).strip().splitlines()[-1]}") from error
    finally:
        client.close()
