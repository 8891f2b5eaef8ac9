"""The text after `--from`: a path, standard input, or the scheme of a plug-in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from spanpact.errors import SourceError, UsageError
from spanpact.sources import MemorySource, OtlpFileSource, SourceBase, TraceSource, open_source
from spanpact.trace.model import Reading, SourceInfo


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
        + "".join(f"{name} = {__name__}:{name}\n" for name in FAILING)
    )
    monkeypatch.syspath_prepend(tmp_path)


class Failing(SourceBase):
    """A source of another package that fails when it is read."""

    info = SourceInfo("elsewhere", frozenset())

    def __init__(self, error: BaseException | None) -> None:
        self.error = error

    def read(self) -> Reading:
        if self.error:
            raise self.error
        return None  # type: ignore[return-value]


def ends(spec: str, *, scenarios: object = None) -> TraceSource:
    sys.exit(0)


def fails(spec: str, *, scenarios: object = None) -> TraceSource:
    raise RuntimeError("cannot log in as ada.l@post.example")


def nothing(spec: str, *, scenarios: object = None) -> None:
    return None


def reads(spec: str, *, scenarios: object = None) -> TraceSource:
    kind = spec.partition(":")[2]
    errors = {"ends": SystemExit(0), "fails": OSError("ada.l@post.example"), "says": SourceError("gone", hint="wait")}
    return Failing(errors.get(kind))


FAILING = {
    "ends": "gives no source: it ends the process, with 0",
    "fails": "gives no source: RuntimeError",
    "nothing": "gives no source: NoneType has no `read`",
    "reads": "cannot be read: ",
}
"""Plug-ins that fail, and what the error says."""


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


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize("scheme", [name for name in FAILING if name != "reads"])
def test_a_plugin_that_gives_no_source_is_one_error_line_without_what_it_says(scheme: str) -> None:
    with pytest.raises(SourceError) as raised:
        open_source(f"{scheme}:1")
    assert str(raised.value) == f"the source plug-in '{__name__}:{scheme}' {FAILING[scheme]}"


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("ends", "it ends the process, with 0"),
        ("fails", "OSError"),
        ("nothing", "it returns no Reading"),
    ],
)
def test_a_plugin_that_cannot_be_read_is_one_error_line_without_what_it_says(kind: str, said: str) -> None:
    with open_source(f"reads:{kind}") as source, pytest.raises(SourceError) as raised:
        source.read()
    assert str(raised.value) == f"the source plug-in '{__name__}:reads' cannot be read: {said}"


@pytest.mark.usefixtures("plugins")
def test_what_a_plugin_says_of_its_source_is_passed_on() -> None:
    with open_source("reads:says") as source, pytest.raises(SourceError, match="gone"):
        source.read()
