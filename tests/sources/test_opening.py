"""The text after `--from`: a path, standard input, or the scheme of a plug-in."""

from __future__ import annotations

from pathlib import Path

import pytest

from spanpact.errors import SourceError, UsageError
from spanpact.sources import MemorySource, OtlpFileSource, TraceSource, open_source


@pytest.mark.parametrize("spec", ["-", "traces.json", "./a:b.json", "C:/traces.json", "no/such/file"])
def test_a_text_without_a_scheme_is_a_file(spec: str) -> None:
    source = open_source(spec, scenarios={"a": "b"})
    assert isinstance(source, OtlpFileSource)
    assert (source.path, source.scenarios) == (spec, {"a": "b"})


def test_an_existing_file_wins_over_a_scheme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tempo:1.json").touch()
    assert isinstance(open_source("tempo:1.json"), OtlpFileSource)


@pytest.mark.parametrize("spec", ["ftp://host/a.json", "nothing:like-it"])
def test_an_unknown_scheme_says_what_is_accepted(spec: str) -> None:
    with pytest.raises(UsageError, match=r"unknown source scheme '(ftp|nothing)' \(accepted: the path of a trace file"):
        open_source(spec)


def test_an_empty_text_says_what_is_accepted() -> None:
    with pytest.raises(UsageError, match=r"the source is empty \(accepted: "):
        open_source("")


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package with two plug-ins, one of which cannot be loaded."""
    info = tmp_path / "elsewhere-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[spanpact.sources]\nelsewhere = {__name__}:from_elsewhere\nbroken = no_such_module:source\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


def from_elsewhere(spec: str, *, scenarios: object = None) -> TraceSource:
    return MemorySource([], offered=len(spec))


@pytest.mark.usefixtures("plugins")
def test_a_plugin_gets_the_whole_text() -> None:
    source = open_source("elsewhere:42")
    assert source.read().offered == len("elsewhere:42")


@pytest.mark.usefixtures("plugins")
def test_the_schemes_of_plugins_are_listed_as_accepted() -> None:
    with pytest.raises(UsageError, match="broken:…, elsewhere:…"):
        open_source("unknown:1")


@pytest.mark.usefixtures("plugins")
def test_a_plugin_that_cannot_be_loaded_is_one_error_line() -> None:
    with pytest.raises(SourceError, match="'no_such_module:source' cannot be loaded: ModuleNotFoundError"):
        open_source("broken:1")
