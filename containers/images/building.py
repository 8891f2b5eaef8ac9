"""Pull images where a registry answers, and make them from Debian packages, a Go module and wheels where none does.

An image that the engine has is left as it is. The engine's Python client makes the images, so that no `docker` program
is needed.
"""

from __future__ import annotations

import os
import re
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from containers.commands import run_command
from containers.engine.api import socket_path
from containers.images import debian_base, jaeger_binary
from containers.images.catalogue import (
    CHECKOUT,
    IMAGES,
    PIN_LISTER,
    RECIPES,
    SERVICE_SOURCES,
    TOOL_SOURCES,
    choose,
    is_present,
    registry_error,
)
from containers.ladder import BackendUnavailable

__all__ = ["ensure_image"]

_STEP_TIMEOUT = 900.0  # seconds until the engine answers: a step of a recipe may print nothing for long
_PROXIES = ("http_proxy", "https_proxy", "no_proxy")  # predefined arguments, which Docker keeps out of the image


def ensure_image(name: str, *, local: bool = False) -> str:
    """Pull or make the image `name` unless the engine has it, and return one line that says which.

    With `local` it is made even where a registry answers. Raise `BackendUnavailable` where no engine answers or the
    image cannot be made.
    """
    image = IMAGES[name]
    if is_present(image.local):
        return f"{image.local} (made here before)"
    if not local:
        if os.environ.get(image.variable) or (image.official and not registry_error(image.official)):
            return _pull(choose(name).reference)
        if image.official and is_present(image.official):
            return f"{image.official} (pulled before)"
    return _timed(f"{image.local} (made here", lambda: _make(name))


def _pull(reference: str) -> str:
    if is_present(reference):
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
        _PACKERS[name](context)
        _build(client, context, IMAGES[name].local, arguments)


def _base(name: str, client: Any) -> str:
    """Return the base that the recipe names where a registry answers, else a locally made one."""
    official = next(
        line.partition("=")[2] for line in _recipe(name).read_text().splitlines() if line.startswith("ARG BASE=")
    )
    return official if is_present(official) or not registry_error(official) else debian_base.ensure_base(client)


def _recipe(name: str) -> Path:
    return RECIPES / name / "Dockerfile"


def _pack_debian(name: str) -> Callable[[IO[bytes]], None]:
    return lambda context: _pack(context, {file.name: file for file in (RECIPES / name).iterdir()})


def _pack_jaeger(context: IO[bytes]) -> None:
    program = jaeger_binary.build_program()
    _pack(context, {"Dockerfile": _recipe("jaeger"), "jaeger": program, "health": program.parent / "health"})


def _pack_python(name: str, sources: Sequence[str]) -> Callable[[IO[bytes]], None]:
    """Return the packer of an image with Python packages, which are downloaded here, and sources of the checkout."""

    def pack(context: IO[bytes]) -> None:
        with tempfile.TemporaryDirectory(prefix="spanpact-wheels-") as wheels:
            _download(Path(wheels), name)
            files = {"Dockerfile": _recipe(name), "wheels": Path(wheels)}
            files[str(PIN_LISTER.relative_to(CHECKOUT))] = PIN_LISTER
            _pack(context, files | {source: CHECKOUT / source for source in sources})

    return pack


def _download(wheels: Path, image: str) -> None:
    """Download the wheels of an image, with this machine's pip and its settings."""
    pins = _run(PIN_LISTER, CHECKOUT / "pyproject.toml", CHECKOUT / "constraints.txt", image)
    pins = for_any_python(pins)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write(pins)
        requirements.flush()
        pip = ("-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:")
        _run(*pip, "--python-version=3.11", "--require-hashes", "-d", wheels, "-r", requirements.name)


def for_any_python(pins: str) -> str:
    """Return the pins without their conditions on Python's version; other conditions stay.

    The image's Python may be another release than this one, by which pip would decide: so what only one of them needs
    is downloaded, too.
    """
    pins = re.sub(r" ; python_full_version \S+ '[^']*' and ", " ; ", pins)
    return re.sub(r" ; python_full_version \S+ '[^']*'", "", pins)


def _run(*arguments: str | Path) -> str:
    words = [str(argument) for argument in arguments]
    return run_command([sys.executable, *words], name=f"python {' '.join(words[:3])}")


_PACKERS: Mapping[str, Callable[[IO[bytes]], None]] = {
    "redis": _pack_debian("redis"),
    "postgres": _pack_debian("postgres"),
    "jaeger": _pack_jaeger,
    "studio": _pack_python("studio", SERVICE_SOURCES),
    "spanpact": _pack_python("spanpact", TOOL_SOURCES),
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
        # The host's network: a machine with restricted access to the internet may have none from a bridge.
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
        raise BackendUnavailable(f"{tag} cannot be made: {_last_line(error.build_log)}") from error


def _last_line(log: Iterable[Mapping[str, str]]) -> str:
    """Return the last line that the failed step printed, without the engine's own lines."""
    lines = [re.sub(r"\x1b\[\d*m", "", entry.get("stream", "")).strip() for entry in log]
    own = ("Removing intermediate container", "--->", "Step ")
    return next((line for line in reversed(lines) if line and not line.startswith(own)), "the engine gives no reason")


@contextmanager
def _client() -> Iterator[Any]:
    try:
        import docker
    except ImportError as error:
        raise BackendUnavailable("the package testcontainers, which installs docker, is not installed") from error
    client = docker.DockerClient(base_url=f"unix://{socket_path()}", timeout=_STEP_TIMEOUT)
    try:
        yield client
    except docker.errors.DockerException as error:
        raise BackendUnavailable(f"Docker engine: {str(error).strip().splitlines()[-1]}") from error
    finally:
        client.close()
