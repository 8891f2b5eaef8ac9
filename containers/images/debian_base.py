"""A Debian base image made by debootstrap, for machines that can reach a Debian mirror and no image registry.

It has the release of this machine, and its mirror and apt settings, as they are what works here. Root on Debian only.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from containers.images.catalogue import is_here
from containers.ladder import BackendUnavailable

_RECIPE = "1"  # raise it when what is below changes what it makes
_DEBOOTSTRAP = ("apt-get", "install", "-y", "-qq", "--no-install-recommends", "debootstrap")
_SOURCES = Path("/etc/apt")
# Documentation is half of what a small package weighs. Services must not start while an image is made.
_SLIM = "path-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\npath-exclude=/usr/share/locale/*\n"


@dataclass(frozen=True, slots=True)
class Mirror:
    """One place of Debian packages: its address and the suite, `bookworm` or `bookworm-security`."""

    url: str
    suite: str


def ensure(client: Any) -> str:
    """The name of the base image, made if need be: half a minute. `client` is the engine's."""
    release = _release()
    name = f"spanpact/debian:{release}-{_RECIPE}"
    if is_here(name):
        return name
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise BackendUnavailable("a base image can be made by root on Debian only")
    mirrors = mirrors_of(release)
    _have_debootstrap()
    with tempfile.TemporaryDirectory(prefix="spanpact-base-") as work:
        root = Path(work) / "root"
        _run("debootstrap", "--variant=minbase", release, str(root), mirrors[0].url)
        _settle(root, mirrors)
        _import(client, root, name)
    return name


def mirrors_of(release: str, folder: Path = _SOURCES) -> list[Mirror]:
    """The mirrors of a Debian release that apt knows on this machine, the release's own first."""
    wanted = (release, f"{release}-updates", f"{release}-security")
    found = {mirror for mirror in _all_mirrors(folder) if mirror.suite in wanted}
    ordered = sorted(found, key=lambda mirror: (wanted.index(mirror.suite), mirror.url))
    if not ordered or ordered[0].suite != release:
        raise BackendUnavailable(f"apt knows no mirror of Debian {release} on this machine")
    return ordered


def _all_mirrors(folder: Path) -> Iterator[Mirror]:
    files = sorted(folder.glob("sources.list.d/*.list"))
    for file in [folder / "sources.list", *files]:
        for url, suite, components in re.findall(
            r"^deb +(?:\[[^\]]*\] +)?(\S+) +(\S+) +(.*)$", file.read_text() if file.exists() else "", re.MULTILINE
        ):
            if "main" in components.split():
                yield Mirror(url, suite)
    for file in sorted(folder.glob("sources.list.d/*.sources")):
        for stanza in re.split(r"\n\s*\n", file.read_text()):
            yield from _mirrors_in(stanza)


def _mirrors_in(stanza: str) -> Iterator[Mirror]:
    fields = {key.lower(): value.split() for key, value in re.findall(r"^([\w-]+):[ \t]*(.*)$", stanza, re.MULTILINE)}
    if "deb" not in fields.get("types", ()) or "main" not in fields.get("components", ()):
        return
    if fields.get("enabled") == ["no"]:
        return
    for url in fields.get("uris", ()):
        for suite in fields.get("suites", ()):
            yield Mirror(url, suite)


def _release() -> str:
    text = Path("/etc/os-release").read_text() if Path("/etc/os-release").exists() else ""
    found = re.search(r"^VERSION_CODENAME=(\w+)$", text, re.MULTILINE)
    if found is None or not re.search(r"^ID=debian$", text, re.MULTILINE):
        raise BackendUnavailable("a base image can be made by root on Debian only")
    return found[1]


def _have_debootstrap() -> None:
    if shutil.which("debootstrap") is None:
        _run("apt-get", "update", "-qq")
        _run(*_DEBOOTSTRAP)


def _settle(root: Path, mirrors: Sequence[Mirror]) -> None:
    lines = [f"deb {mirror.url} {mirror.suite} main\n" for mirror in mirrors]
    (root / "etc/apt/sources.list").write_text("".join(lines))
    settings = _run("apt-config", "dump", "Acquire")  # proxies, and how strict to be
    ours = [line for line in settings.splitlines() if re.match(r"Acquire::(https?|Check)\S* ", line)]
    (root / "etc/apt/apt.conf.d/90this-machine").write_text("\n".join(ours) + "\n")
    (root / "etc/dpkg/dpkg.cfg.d/slim").write_text(_SLIM)
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    for stale in ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale"):
        shutil.rmtree(root / stale, ignore_errors=True)
        (root / stale).mkdir(parents=True)


def _import(client: Any, root: Path, name: str) -> None:
    repository, _, tag = name.partition(":")
    with tempfile.NamedTemporaryFile(prefix="spanpact-base-", suffix=".tar") as archive:
        subprocess.run(["tar", "-C", str(root), "--numeric-owner", "-c", "."], stdout=archive, check=True)
        client.api.import_image_from_file(archive.name, repository=repository, tag=tag, changes=['CMD ["/bin/sh"]'])


def _run(*command: str) -> str:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
    if done.returncode:
        last = ((done.stderr or done.stdout).strip().splitlines() or ["it said nothing"])[-1]
        raise BackendUnavailable(f"{' '.join(command[:2])} ended with code {done.returncode}: {last}")
    return done.stdout
