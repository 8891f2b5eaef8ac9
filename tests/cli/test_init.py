"""`spanpact init`: a folder of contracts and a job for CI, and nothing that was there is changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.cli.commands import CommandLine, one_line
from tests.recording.recorded_traces import Flow, reading_of


@pytest.fixture
def project(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder, in which the commands run."""
    folder = cli.folder / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def files(folder: Path) -> dict[str, str]:
    """Return the files of a folder with their texts."""
    return {p.relative_to(folder).as_posix(): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def _two_kinds(flow: Flow, number: int) -> None:
    flow.span("db.query", flow.span("GET /a" if number % 3 else "GET /b"))


def test_a_project_without_traces_gets_a_schema_and_is_told_what_to_do(cli: CommandLine, project: Path) -> None:
    answer = cli("init")
    assert answer.code == 0
    assert list(files(project)) == ["contracts/contract.schema.json"]
    assert "made    contracts/contract.schema.json" in answer.out
    assert "next    record a contract: spanpact record --output contracts/ -- COMMAND\n" in answer.out
    assert "next    then call spanpact init again: it makes the job for CI, which needs a contract\n" in answer.out
    assert "# yaml-language-server: $schema=contract.schema.json" in answer.out


def test_contracts_are_recorded_from_traces_and_can_be_verified_at_once(cli: CommandLine, project: Path) -> None:
    traces = cli.traces("both.json", *reading_of(_two_kinds, 30).traces)
    answer = cli("init", "--from", traces)
    assert answer.code == 0
    assert "next    let your CI run: pip install spanpact && spanpact lint contracts/\n" in answer.out
    made = files(project)
    assert list(made) == [
        "contracts/contract.schema.json",
        "contracts/get-a.contract.yaml",
        "contracts/get-b.contract.yaml",
    ]
    assert made["contracts/get-a.contract.yaml"].startswith("# yaml-language-server: $schema=contract.schema.json\n")
    assert cli("verify", "contracts/", "--from", traces).code == 0
    assert cli("lint", "contracts/").code == 0


@pytest.mark.parametrize(
    ("sign", "text", "job"),
    [
        (".github/CODEOWNERS", "", ".github/workflows/spanpact.yml"),
        (".git/config", "[remote]\nurl = git@github.com:a/b.git\n", ".github/workflows/spanpact.yml"),
        (".gitlab-ci.yml", "test: {}\n", ".gitlab/spanpact.yml"),
    ],
)
def test_the_job_is_for_the_ci_that_the_project_has(
    cli: CommandLine, project: Path, sign: str, text: str, job: str
) -> None:
    (project / sign).parent.mkdir(exist_ok=True)
    (project / sign).write_text(text)
    assert job not in cli("init").out  # without a contract it would fail until there is one
    assert not (project / job).exists()
    (project / "contracts" / "own.spanpact.yaml").write_text(Path(cli.contract).read_text())
    answer = cli("init")
    assert f"made    {job}" in answer.out
    assert ("include: [{local: .gitlab/spanpact.yml}]" in answer.out) == ("gitlab" in job)
    made = YAML(typ="safe", pure=True).load((project / job).read_text())
    assert "spanpact lint " in str(made)
    assert (project / sign).read_text() == text


def test_folder_of_contracts_is_the_one_of_the_settings(cli: CommandLine, project: Path) -> None:
    (project / "spanpact.toml").write_text('contracts = ["one.contract.yaml", "tests/contracts"]\n')
    (project / ".github").mkdir()
    traces = cli.traces("both.json", *reading_of(_two_kinds, 30).traces)
    assert f"spanpact verify tests/contracts/ --from {traces}" in cli("init", "--from", traces).out
    made = files(project)
    assert "tests/contracts/get-a.contract.yaml" in made
    assert "run: spanpact lint tests/contracts/\n" in made[".github/workflows/spanpact.yml"]
    assert not (project / "contracts").exists()


def test_traces_are_those_of_the_settings(cli: CommandLine, project: Path) -> None:
    traces = cli.traces("both.json", *reading_of(_two_kinds, 30).traces)
    (project / "spanpact.toml").write_text(f"from = '{traces}'\n")
    assert "made    contracts/get-a.contract.yaml: recorded from 20 flows" in cli("init").out


def test_nothing_is_overwritten(cli: CommandLine, project: Path) -> None:
    traces = cli.traces("both.json", *reading_of(_two_kinds, 30).traces)
    (project / ".github").mkdir()
    assert cli("init", "--from", traces).code == 0
    for name in files(project):
        (project / name).write_text("mine")
    before = files(project)
    again = cli("init", "--from", traces)
    assert (again.code, again.out.count("kept    "), again.out.count("made    ")) == (0, 4, 0)
    assert files(project) == before


def test_traces_that_cannot_be_read_leave_nothing_behind(cli: CommandLine, project: Path) -> None:
    answer = cli("init", "--from", "nowhere.json")
    assert (answer.code, one_line(answer.err, ["nowhere.json"]), files(project)) == (3, True, {})
    few = cli("init", "--from", cli.traces("few.json", *reading_of(_two_kinds, 3).traces))
    assert (few.code, "no kind of root has enough flows" in few.err, files(project)) == (3, True, {})


def test_a_file_in_the_place_of_the_folder_is_one_line(cli: CommandLine, project: Path) -> None:
    (project / "contracts").write_text("")
    answer = cli("init")
    assert (answer.code, one_line(answer.err, ["contracts"])) == (2, True)
