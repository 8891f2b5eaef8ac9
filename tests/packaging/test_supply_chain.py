"""Licences and audits of what is pinned, and the SBOM: what they say is what is installed, and nothing is presumed."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from ci.supply_chain.audit import CLEAN, NOT_AUDITED, VULNERABLE, judge, main
from ci.supply_chain.sbom import differences, wanted
from docs.draw_licences import PAGE, as_markdown, belongs_here, licence, needed_by, pins, rows_of_page

ROOT = Path(__file__).parents[2]
PERMISSIVE = {"Apache-2.0", "BSD License", "BSD-2-Clause", "BSD-3-Clause", "MIT", "MIT-0", "PSF-2.0"}
LOOKED_UP = {"name": "h11", "version": "0.16.0", "vulns": []}
SKIPPED = {"name": "h11", "skip_reason": "Dependency not found on PyPI and could not be audited: h11 (0.14.0)"}
FOUND = {
    "name": "h11",
    "version": "0.14.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["0.16.0"], "aliases": [], "description": ""}],
}
"""As pip-audit 2.10 reports a package that was looked up, one that the database does not know, and a vulnerable one."""


def sbom(**versions: str) -> dict[str, Any]:
    components = [{"name": name, "version": version} for name, version in versions.items()]
    return {"metadata": {"component": {"name": "spanpact"}}, "components": components}


def test_every_pinned_package_that_belongs_here_is_installed() -> None:
    assert [name for name, block in pins().items() if belongs_here(block) and licence(name) is None] == []


def test_the_page_names_the_licence_of_every_package_as_its_metadata_does() -> None:
    assert as_markdown() in PAGE.read_text()
    assert [name for name, said in rows_of_page().items() if said.startswith("not ")] == []


def test_what_the_wheel_and_its_extras_bring_is_permissive() -> None:
    shipped = {
        name for name, users in needed_by().items() if any(user.startswith(("the w", "extra")) for user in users)
    }
    for name in shipped:
        alternatives = re.split(r" OR | AND ", rows_of_page()[name])
        assert set(alternatives) <= PERMISSIVE, name


def test_every_crate_of_the_core_is_on_the_page() -> None:
    locked = re.findall(r'^name = "([\w-]+)"$', (ROOT / "core" / "Cargo.lock").read_text(), re.M)
    said = PAGE.read_text().partition("## Crates of the core")[2]
    assert len(locked) > 10
    assert [name for name in locked if name != "spanpact-core" and f"`{name}`" not in said] == []


@pytest.mark.parametrize(
    ("packages", "code", "last"),
    [
        ([LOOKED_UP], CLEAN, "1 of 1 packages audited, 0 vulnerable"),
        ([LOOKED_UP, FOUND], VULNERABLE, "2 of 2 packages audited, 1 vulnerable"),
        ([LOOKED_UP, SKIPPED], NOT_AUDITED, f"the first: {SKIPPED['skip_reason']}"),
        ([FOUND, SKIPPED], VULNERABLE, f"the first: {SKIPPED['skip_reason']}"),
        ([], NOT_AUDITED, "NOT AUDITED: pip-audit names no package (the file has none)"),
    ],
    ids=["clean", "vulnerable", "one was not looked up", "vulnerable, and one not looked up", "nothing"],
)
def test_only_what_was_looked_up_counts_as_audited(packages: list[Any], code: int, last: str) -> None:
    judged, lines = judge({"dependencies": packages, "fixes": []})
    assert (judged, lines[-1]) == (code, last)


def test_an_audit_that_gives_no_report_is_no_audit(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    program = tmp_path / "pip-audit"
    program.write_text(f"#!{sys.executable}\nraise SystemExit('ConnectionError: no such host')\n")
    program.chmod(0o700)
    assert main(str(program), ["pins.txt"]) == NOT_AUDITED
    assert "names no package (ConnectionError: no such host)" in capsys.readouterr().out


def test_an_sbom_that_lists_what_the_wheel_needs_is_accepted() -> None:
    needed = wanted()
    assert {"h11", "msgspec", "protobuf"} <= needed.keys()
    assert "pytest" not in needed
    assert differences(sbom(**needed), needed) == []


def test_an_sbom_with_another_list_is_refused() -> None:
    found = differences(sbom(h11="0.14.0", pip="26.3"), {"h11": "0.16.0", "msgspec": "0.22.0"})
    assert found == [
        "h11: 0.14.0 in the SBOM, 0.16.0 needed",
        "msgspec: missing in the SBOM, 0.22.0 needed",
        "pip: 26.3 in the SBOM, none needed",
    ]
