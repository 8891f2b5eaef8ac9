"""The images, named and pinned: `python -m containers.images build` has every one of them here afterwards.

Each can be overridden by a variable of the environment, SPANPACT_REDIS_IMAGE and so on. Otherwise the official image
is used where the engine has it or its registry answers, and the one of our own making (`containers.images.building`)
where none does. The tag of our own is a hash of what it is made from.

    python -m containers.images                    which image is used for what, and why
    python -m containers.images build [--local]    pull or make what is missing; --local makes it also where a registry
                                                   answers
    python -m containers.images env                the choice as variables, for `docker compose --env-file`
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from containers.engine import api as engine_api
from containers.ladder import BackendUnavailable

HERE = Path(__file__).parents[1]
RECIPES = HERE / "dockerfiles"
CHECKOUT = HERE.parent
SERVICE = ("pyproject.toml", "constraints.txt", "reference_impl")
"""What the image of the services is made from, beside its recipe."""
JAEGER_VERSION = "2.13.0"
_BASE = HERE / "images" / "debian_base.py"
_REGISTRY_ANSWERS_WITHIN = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Image:
    """One image: what it is for, the official one (or the base of ours), and the files that ours is made from."""

    name: str
    official: str | None
    made_from: tuple[Path, ...]

    @property
    def variable(self) -> str:
        """The variable of the environment that names another image."""
        return f"SPANPACT_{self.name.upper()}_IMAGE"

    @property
    def local(self) -> str:
        """The name and tag of our own making; the tag is a hash of what it is made from, pins included."""
        return f"spanpact/{self.name}:{_fingerprint(self.made_from)}"


IMAGES = {
    image.name: image
    for image in (
        Image("redis", "redis:7.4.1-alpine", (RECIPES / "redis", _BASE)),
        Image("postgres", "postgres:16.4-alpine", (RECIPES / "postgres", _BASE)),
        Image(
            "studio",  # studio-api and audit-api: nobody's but ours
            None,
            (RECIPES / "studio", _BASE, *(CHECKOUT / part for part in SERVICE)),
        ),
        Image(
            "jaeger",
            f"jaegertracing/jaeger:{JAEGER_VERSION}",
            (RECIPES / "jaeger", HERE / "images" / "jaeger_binary.py"),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Choice:
    """The image that is used, whether the engine has it already, and why this one."""

    reference: str
    here: bool
    why: str


def choose(name: str) -> Choice:
    """The image to use for `name`; raises `BackendUnavailable`, with how to get one, where there is none to be had."""
    image = IMAGES[name]
    if named := os.environ.get(image.variable):
        return Choice(named, is_here(named), f"named by {image.variable}")
    if image.official and is_here(image.official):
        return Choice(image.official, True, "the official one")
    if is_here(image.local):
        return Choice(image.local, True, "made here")
    refused = registry_refuses(image.official) if image.official else "it has no official one"
    if image.official and not refused:
        return Choice(image.official, False, "the official one, pulled when it is first used")
    raise BackendUnavailable(f"no image for {name} ({refused}); make it by `python -m containers.images build {name}`")


def is_here(reference: str) -> bool:
    """Whether the engine has the image. Raises `BackendUnavailable` where no engine answers."""
    try:
        engine_api.ask("GET", f"/images/{quote(reference, safe='/:@')}/json")
    except engine_api.EngineError as error:
        if error.status == 404:
            return False
        raise BackendUnavailable(str(error)) from error
    return True


@cache
def registry_refuses(reference: str) -> str:
    """Why the registry does not offer the image, or "" where it does: asked once in a process.

    The engine asks, as it is the one that would pull: with its own proxies, mirrors and names.
    """
    try:
        engine_api.ask("GET", f"/distribution/{quote(reference, safe='/:@')}/json", within=_REGISTRY_ANSWERS_WITHIN)
    except engine_api.EngineError as error:
        return f"the registry of {reference} gives no answer: {str(error).rpartition(': ')[2]}"
    return ""


def _fingerprint(parts: Sequence[Path]) -> str:
    digest = hashlib.sha256(JAEGER_VERSION.encode())
    for file in sorted(file for part in parts for file in _files(part)):
        digest.update(f"\0{file.relative_to(CHECKOUT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _files(part: Path) -> list[Path]:
    if part.is_file():
        return [part]
    return [file for file in part.rglob("*") if file.is_file() and "__pycache__" not in file.parts]


def main(arguments: Sequence[str] | None = None) -> int:
    """Say, make or write down the images; gives the exit code: 1 where one cannot be had."""
    options = _options(arguments)
    names = tuple(options.names or IMAGES)
    failed = False
    # Making Jaeger takes longer than all the others, and needs none of them: it is begun first, beside them.
    # Alone it is made in this thread, which Ctrl-C ends at once.
    with ThreadPoolExecutor(1) as executor:
        jaeger = executor.submit(_line, "jaeger", options) if "jaeger" in names and len(names) > 1 else None
        for name in names:
            try:
                print(jaeger.result() if jaeger and name == "jaeger" else _line(name, options), flush=True)
            except BackendUnavailable as error:
                failed = True
                print(f"{name}: {error}", file=sys.stderr)
    return 1 if failed else 0


def _line(name: str, options: argparse.Namespace) -> str:
    if options.action == "build":
        from containers.images.building import have  # it needs the engine's client; what is above does not

        return f"{name:9} {have(name, local=options.local)}"
    choice = choose(name)
    if options.action == "env":
        return f"{IMAGES[name].variable}={choice.reference}"
    return f"{name:9} {choice.reference} ({choice.why})"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m containers.images", description="The images of the backends.")
    parser.add_argument("action", nargs="?", choices=("list", "build", "env"), default="list")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(IMAGES)}; default: all")
    parser.add_argument("--local", action="store_true", help="make it also where a registry answers")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - set(IMAGES)):
        parser.error(f"unknown image {unknown[0]!r}; known are {', '.join(IMAGES)}")
    return options
