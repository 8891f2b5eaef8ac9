"""The documents say what is there: their links lead somewhere, their commands exist, their contracts are judged."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from spanpact.cli import COMMANDS, main
from spanpact.findings.catalogue import CATALOGUE

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CODE_FOLDERS = ("src", "reference_impl", "contracts", "containers", "demo", "tests")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
README = (ROOT / "README.md").read_text()
SPECIFICATION = (ROOT / "docs" / "specification.md").read_text()


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def sources() -> list[Path]:
    return [p for folder in CODE_FOLDERS for p in (ROOT / folder).rglob("*.py") if p != Path(__file__)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_link_inside_the_repository_leads_somewhere(document: Path) -> None:
    targets = [t for t in LINK.findall(document.read_text()) if "://" not in t]
    assert [t for t in targets if not (document.parent / t).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_no_document_names_a_folder_of_one_machine(document: Path) -> None:
    assert re.findall(r"(?:^|[\s`(])/(?:work|root|home|opt|Users)/\S*", document.read_text()) == []


def test_every_document_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    open_ends = [ROOT / "README.md"]
    while open_ends:
        document = open_ends.pop().resolve()
        if document.suffix == ".md" and document not in reached:
            reached.add(document)
            open_ends += [document.parent / t for t in LINK.findall(document.read_text()) if "://" not in t]
    decisions = {p for p in DOCUMENTS if p.parent.name == "adr"}
    assert {named(p) for p in DOCUMENTS if p not in reached} - {named(p) for p in decisions} == set()


def test_the_documents_that_the_code_cites_exist() -> None:
    cited = {(t, named(p)) for p in sources() for t in re.findall(r"docs/[\w/-]+\.md", p.read_text())}
    assert {(t, where) for t, where in cited if not (ROOT / t).is_file()} == set()


def test_the_rows_of_the_specification_that_the_code_cites_exist() -> None:
    rows = set(re.findall(r"^- (S\d\.\d)", SPECIFICATION, re.M))
    cited = {(r, named(p)) for p in sources() for r in re.findall(r"\bS\d\.\d\b", p.read_text())}
    assert {(row, where) for row, where in cited if row not in rows} == set()


def test_every_nox_session_that_is_told_of_exists() -> None:
    sessions = set(re.findall(r"^@nox\.session.*\n(?:@nox.*\n)*def (\w+)", (ROOT / "noxfile.py").read_text(), re.M))
    told = {s for d in DOCUMENTS for s in re.findall(r"nox -s (\w+)", d.read_text())}
    assert told - sessions == set()
    assert {"demo", "tests"} <= told


def test_the_build_machine_runs_the_readmes_two_commands() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    commands = re.findall(r"^pip install nox && (nox -s \w+)", README, re.M)
    assert commands == ["nox -s demo", "nox -s tests"]
    assert [c for c in commands if c not in script] == []


@pytest.mark.parametrize("contract", re.findall(r"```yaml\n(spanpact: .*?)```", README, re.S))
def test_the_readmes_contracts_say_what_their_examples_say(contract: str, tmp_path: Path) -> None:
    file = tmp_path / "readme.contract.yaml"
    file.write_text(contract)
    assert main(["verify", str(file)]) == 0


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"spanpact {command} " in README


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_option_of_a_command_that_the_readme_names_exists(command: str) -> None:
    answer = subprocess.run([sys.executable, "-m", "spanpact", command, "--help"], capture_output=True, text=True)
    used = {o for line in re.findall(rf"^spanpact {command} (.*)", README, re.M) for o in _options(line)}
    assert {option for option in used if option not in answer.stdout} == set()


@pytest.mark.parametrize("finding", sorted(CATALOGUE))
def test_every_finding_is_in_the_contract_language(finding: str) -> None:
    findings = (ROOT / "docs" / "contract-format.md").read_text().partition("## 14 Findings")[2]
    family, _, last = finding.rpartition("-")
    assert f"`{finding}`" in findings or (f"`-{last}`" in findings and f"`{family}-" in findings)


def _options(line: str) -> list[str]:
    return re.findall(r"--[a-z-]+", line.partition("#")[0].partition(" -- ")[0])
