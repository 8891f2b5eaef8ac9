"""Names and pinned versions of the images, and which image is used for what.

An environment variable, SPANPACT_REDIS_IMAGE and so on, overrides an image. Otherwise the official image is used where
the engine has it or its registry answers, and the locally made one (`containers.images.building`) where neither is so.
The tag of a locally made image is a hash of its inputs.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from containers.engine import api as engine_api
from containers.ladder import BackendUnavailable

__all__ = [
    "CHECKOUT",
    "IMAGES",
    "PINNED_JAEGER",
    "PIN_LISTER",
    "RECIPES",
    "SERVICE_SOURCES",
    "TOOL_SOURCES",
    "Choice",
    "Image",
    "choose",
    "is_present",
    "registry_error",
]

HERE = Path(__file__).parents[1]
RECIPES = HERE / "dockerfiles"
CHECKOUT = HERE.parent
SERVICE_SOURCES = ("pyproject.toml", "constraints.txt", "reference_impl")
"""Inputs of the services' image besides its recipe, relative to the checkout."""
TOOL_SOURCES = ("pyproject.toml", "constraints.txt", "src/spanpact")
"""Inputs of the image of spanpact besides its recipe, relative to the checkout."""
PIN_LISTER = RECIPES / "studio" / "requirements.py"
"""Lists the pins of the packages in the images of the services and of spanpact."""
PINNED_JAEGER = "2.13.0"
_BASE = HERE / "images" / "debian_base.py"
_REGISTRY_TIMEOUT = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Image:
    """An image: its name, the official reference if there is one, and the files that the local one is made from."""

    name: str
    official: str | None
    inputs: tuple[Path, ...]

    @property
    def variable(self) -> str:
        """Return the environment variable that overrides this image."""
        return f"SPANPACT_{self.name.upper()}_IMAGE"

    @property
    def local(self) -> str:
        """Return the reference of the locally made image; its tag is a hash of its inputs, pins included."""
        return f"spanpact/{self.name}:{_fingerprint(self.inputs)}"


IMAGES = {
    image.name: image
    for image in (
        Image("redis", "redis:7.4.1-alpine", (RECIPES / "redis", _BASE)),
        Image("postgres", "postgres:16.4-alpine", (RECIPES / "postgres", _BASE)),
        Image(
            "studio",  # studio-api and audit-api
            None,
            (RECIPES / "studio", _BASE, *(CHECKOUT / part for part in SERVICE_SOURCES)),
        ),
        Image(
            "spanpact",
            None,
            (RECIPES / "spanpact", PIN_LISTER, _BASE, *(CHECKOUT / part for part in TOOL_SOURCES)),
        ),
        Image(
            "jaeger",
            f"jaegertracing/jaeger:{PINNED_JAEGER}",
            (RECIPES / "jaeger", HERE / "images" / "jaeger_binary.py"),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Choice:
    """The image that is used, whether the engine has it already, and why it was chosen."""

    reference: str
    present: bool
    why: str


def choose(name: str) -> Choice:
    """Return the image to use for `name`. Raise `BackendUnavailable`, with how to get one, where there is none."""
    image = IMAGES[name]
    if named := os.environ.get(image.variable):
        return Choice(named, is_present(named), f"named by {image.variable}")
    if image.official and is_present(image.official):
        return Choice(image.official, True, "the official image")
    if is_present(image.local):
        return Choice(image.local, True, "made here")
    error = registry_error(image.official) if image.official else "there is no official image"
    if image.official and not error:
        return Choice(image.official, False, "the official image, pulled when it is first used")
    raise BackendUnavailable(f"no image for {name} ({error}); make it with `python -m containers.images build {name}`")


def is_present(reference: str) -> bool:
    """Return whether the engine has the image. Raise `BackendUnavailable` where no engine answers."""
    try:
        engine_api.request("GET", f"/images/{quote(reference, safe='/:@')}/json")
    except engine_api.EngineError as error:
        if error.status == 404:
            return False
        raise BackendUnavailable(str(error)) from error
    return True


@cache
def registry_error(reference: str) -> str:
    """Return why the registry does not offer the image, or "" where it does. One request per process.

    The engine sends the request, because it is what would pull the image: it has its own proxies, mirrors and names.
    """
    try:
        engine_api.request("GET", f"/distribution/{quote(reference, safe='/:@')}/json", timeout=_REGISTRY_TIMEOUT)
    except engine_api.EngineError as error:
        return f"the registry of {reference} gives no answer: {str(error).rpartition(': ')[2]}"
    return ""


def _fingerprint(inputs: Sequence[Path]) -> str:
    digest = hashlib.sha256(PINNED_JAEGER.encode())
    for file in sorted(file for entry in inputs for file in _files(entry)):
        digest.update(f"\0{file.relative_to(CHECKOUT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _files(entry: Path) -> list[Path]:
    if entry.is_file():
        return [entry]
    return [file for file in entry.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
