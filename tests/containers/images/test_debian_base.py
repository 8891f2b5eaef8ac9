"""The base image takes its mirror from this machine's own apt, in whichever form that is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from containers.images.debian_base import Mirror, mirrors_of
from containers.ladder import BackendUnavailable

DEB822 = """\
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb deb-src
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""
ONE_LINE = """\
# deb http://comment.example/debian bookworm main
deb [signed-by=/x arch=amd64] http://mirror.example/debian bookworm main non-free
deb http://mirror.example/debian bookworm-security main
deb https://tools.example/apt cloud main
deb http://contrib.example/debian bookworm contrib
"""


def sources(folder: Path, **files: str) -> Path:
    (folder / "sources.list.d").mkdir()
    for name, text in files.items():
        (folder / "sources.list.d" / name.replace("_", ".")).write_text(text)
    return folder


def test_the_new_form_is_read(tmp_path: Path) -> None:
    assert mirrors_of("bookworm", sources(tmp_path, debian_sources=DEB822)) == [
        Mirror("http://mirror.example/debian", "bookworm"),
        Mirror("http://mirror.example/debian", "bookworm-updates"),
        Mirror("http://mirror.example/debian-security", "bookworm-security"),
    ]


def test_the_old_form_is_read(tmp_path: Path) -> None:
    (sources(tmp_path) / "sources.list").write_text(ONE_LINE)
    assert mirrors_of("bookworm", tmp_path) == [
        Mirror("http://mirror.example/debian", "bookworm"),
        Mirror("http://mirror.example/debian", "bookworm-security"),
    ]


def test_no_mirror_of_the_release_is_reported(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match="no mirror of Debian trixie"):
        mirrors_of("trixie", sources(tmp_path, debian_sources=DEB822))
