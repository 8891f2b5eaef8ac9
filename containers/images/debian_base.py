"""Make a Debian base image with debootstrap, for machines that reach a Debian mirror but no image registry.

The image has this machine's Debian release, mirrors and apt settings, which are known to work here. It takes root on
Debian.
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

from containers.commands import install_packages, run_command
from containers.images.catalogue import is_present
from containers.ladder import BackendUnavailable

__all__ = ["Mirror", "ensure_base", "mirrors_of"]

_RECIPE = "1"  # raise it when a change below changes the image
_SOURCES = Path("/etc/apt")
# Documentation is half of the size of a small package.
_SLIM = "path-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\npath-exclude=/usr/share/locale/*\n"


@dataclass(frozen=True, slots=True)
class Mirror:
    """A mirror of Debian packages: its URL and the suite, such as `bookworm` or `bookworm-security`."""

    url: str
    suite: str


def ensure_base(client: Any) -> str:
    """Return the name of the base image, made in half a minute unless the engine has it.

    `client` is the engine's client. Raise `BackendUnavailable` where the image cannot be made.
    """
    release = _release()
    name = f"spanpact/debian:{release}-{_RECIPE}"
    if is_present(name):
        return name
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise BackendUnavailable("a base image can be made by root on Debian only")
    mirrors = mirrors_of(release)
    if shutil.which("debootstrap") is None:
        install_packages("debootstrap")
    with tempfile.TemporaryDirectory(prefix="spanpact-base-") as work:
        root = Path(work) / "root"
        command = ["debootstrap", "--variant=minbase", release, str(root), mirrors[0].url]
        run_command(command, name="debootstrap", env={"DEBIAN_FRONTEND": "noninteractive"})
        _configure(root, mirrors)
        _import(client, root, name)
    return name


def mirrors_of(release: str, folder: Path = _SOURCES) -> list[Mirror]:
    """Return the mirrors of a Debian release that apt knows on this machine, those of the release itself first."""
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


def _configure(root: Path, mirrors: Sequence[Mirror]) -> None:
    lines = [f"deb {mirror.url} {mirror.suite} main\n" for mirror in mirrors]
    (root / "etc/apt/sources.list").write_text("".join(lines))
    settings = run_command(["apt-config", "dump", "Acquire"])  # proxies, certificates and expiry checks
    ours = [line for line in settings.splitlines() if re.match(r"Acquire::(https?|Check)\S* ", line)]
    (root / "etc/apt/apt.conf.d/90this-machine").write_text("\n".join(ours) + "\n")
    (root / "etc/dpkg/dpkg.cfg.d/slim").write_text(_SLIM)
    policy = root / "usr/sbin/policy-rc.d"
    # No service may start while an image is made.
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
