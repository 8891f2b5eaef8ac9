"""`spanpact diff`: exit codes for a gate, reports, usage."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.commands import SPANPACT, CommandLine, one_line

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
CONTRACT = """\
spanpact: 1
contract: checkout
version: {version}
span: POST /checkout
children:
  charge: {{span: payment.charge, count: {count}}}
"""


def contract(version: str = "1.0.0", count: str = "0..1") -> str:
    return CONTRACT.format(version=version, count=count)


def test_equal_contracts_are_compatible_and_give_0(cli: CommandLine) -> None:
    old, new = cli.file("old.contract.yaml", contract()), cli.file("new.contract.yaml", contract())
    answer = cli("diff", old, new)
    assert (answer.code, answer.out, answer.err) == (
        0,
        "compatible: 1 contract, 0 changed, 0 changes, 0 breaking\n",
        "",
    )


def test_breaking_change_without_a_major_version_gives_1(cli: CommandLine) -> None:
    old, new = cli.file("old.contract.yaml", contract()), cli.file("new.contract.yaml", contract("1.1.0", "1"))
    answer = cli("diff", old, new)
    assert answer.code == 1
    assert (
        answer.out
        == f"""\
✗ checkout 1.0.0 → 1.1.0  {new}
  top › charge/count-changed  {new}:6:34  (count)
      from   0..1
      to     1
      major  tightens: breaks producers
  the version is too low: the changes need a new major version, 2.0.0

the version does not fit: 1 contract, 1 changed, 1 change, 1 breaking
"""
    )


def test_documentation_shows_what_is_printed(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(cli.folder)
    (cli.folder / "contracts").mkdir()
    old, new = cli.file("old.contract.yaml", contract()), "contracts/checkout.contract.yaml"
    cli.file(new, contract("1.1.0", "1"))
    assert f"```\n{cli('diff', old, new).out}```" in PAGE


def test_documentation_names_every_field_of_the_json(cli: CommandLine) -> None:
    old, new = cli.file("old.contract.yaml", contract()), cli.file("new.contract.yaml", contract("1.1.0", "1"))
    document = json.loads(cli("diff", old, new, "--format", "json").out)
    compared = document["contracts"][0]
    fields = {*document, *compared, *compared["old"], *compared["changes"][0]}
    assert [each for each in fields if f'"{each}"' not in PAGE and f"`{each}`" not in PAGE] == []


def test_breaking_change_with_a_major_version_gives_0(cli: CommandLine) -> None:
    old, new = cli.file("old.contract.yaml", contract()), cli.file("new.contract.yaml", contract("2.0.0", "0.."))
    answer = cli("diff", old, new)
    assert answer.code == 0
    assert "major  loosens: breaks consumers" in answer.out
    assert "the version fits the changes: its major number was raised" in answer.out
    assert answer.out.endswith("breaking, and the version fits: 1 contract, 1 changed, 1 change, 1 breaking\n")


@pytest.mark.parametrize(
    ("versions", "edit", "code", "words"),
    [
        (("1.0.0", "0.9.0"), "", 1, "the version was lowered: 1.0.0 → 0.9.0"),
        (("1.0.0", "1.0.0-rc.1"), "", 1, "the version was lowered"),
        (("1.0.0", "1.0.1"), "about: It is paid.\n", 0, "the version fits the changes: its patch number was raised"),
        (("1.0.0", "1.0.0"), "about: It is paid.\n", 0, "a new patch version is recommended, but not required"),
        (("1.0.0", "1.0.1"), "levels: {child-late: off}\n", 1, "the changes need a new minor version, 1.1.0"),
        (
            ("1.0.0", "1.1.0"),
            "levels: {child-late: off}\n",
            0,
            "the version fits the changes: its minor number was raised",
        ),
        (("1.4.2", "1.5.0"), "scenario: paid\n", 1, "the changes need a new major version, 2.0.0"),
        (
            ("2.0.0-rc.1", "2.0.0-rc.2"),
            "scenario: paid\n",
            0,
            "the version fits the changes: its major number was raised",
        ),
    ],
)
def test_verdict_names_the_version_that_the_changes_need(
    cli: CommandLine, versions: tuple[str, str], edit: str, code: int, words: str
) -> None:
    old = cli.file("old.contract.yaml", contract(versions[0]))
    new = cli.file("new.contract.yaml", contract(versions[1]) + edit)
    answer = cli("diff", old, new)
    assert answer.code == code
    assert words in answer.out


def test_order_and_layout_of_the_file_are_no_change(cli: CommandLine) -> None:
    rules = "every:\n  private: {span: '*', forbid: [email, ip]}\n  timed: {span: 'payment.*', duration: 5ms}\n"
    old = cli.file("old.contract.yaml", contract() + rules)
    cli.file("common.contract.yaml", "spanpact: 1\nfragment: common\naliases: {unused: [other]}\n" + _reordered(rules))
    shuffled = """\
# the same contract in another order
children: {charge: {count: "0..1", span: [payment.charge]}}
span: POST /checkout
extends: [common.contract.yaml]
version: 1.0.0
contract: checkout
spanpact: 1
"""
    assert cli("diff", old, cli.file("new.contract.yaml", shuffled)).out.startswith("compatible: 1 contract, 0 changed")


def _reordered(rules: str) -> str:
    head, first, second = rules.splitlines()
    return "\n".join((head, second.replace("5ms", "5000us"), first.replace("[email, ip]", "[ip, email]"))) + "\n"


@pytest.fixture
def folders(cli: CommandLine) -> tuple[Path, Path]:
    """Return two folders: `checkout` is the same in both, `gone` is in the old one only and `fresh` in the new one."""
    old, new = cli.folder / "old", cli.folder / "new"
    for folder, other in ((old, "gone"), (new, "fresh")):
        folder.mkdir()
        (folder / "checkout.contract.yaml").write_text(contract())
        (folder / "other.contract.yaml").write_text(contract().replace("checkout\n", f"{other}\n", 1))
    return old, new


def test_removed_contract_gives_1_unless_it_is_allowed(cli: CommandLine, folders: tuple[Path, Path]) -> None:
    old, new = map(str, folders)
    answer = cli("diff", old, new)
    assert answer.code == 1
    assert "✓ fresh 1.0.0 added" in answer.out
    assert "✗ gone 1.0.0 removed" in answer.out
    assert "the contract was removed (to accept this: --allow-removed gone)" in answer.out
    allowed = cli("diff", old, new, "--allow-removed", "gone")
    assert allowed.code == 0
    assert "✓ gone 1.0.0 removed" in allowed.out


def test_allowed_removal_of_an_unknown_contract_is_wrong_usage(cli: CommandLine, folders: tuple[Path, Path]) -> None:
    answer = cli("diff", *map(str, folders), "--allow-removed", "gnoe")
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err, ["--allow-removed names 'gnoe', which is no contract of OLD (removed: gone)"])


def test_versions_of_one_name_are_paired_by_their_major_version(cli: CommandLine, folders: tuple[Path, Path]) -> None:
    old, new = folders
    for folder, count in ((old, "0..1"), (new, "1")):
        (folder / "v2.contract.yaml").write_text(contract("2.0.0", count))
        (folder / "other.contract.yaml").unlink()
    answer = cli("diff", str(old), str(new))
    assert answer.code == 1
    assert "checkout 2.0.0  " in answer.out
    assert "1 changed, 1 change," in answer.out
    (new / "v2.contract.yaml").write_text(contract("1.1.0"))
    twice = cli("diff", str(old), str(new))
    assert (twice.code, twice.out) == (2, "")
    assert one_line(twice.err, ["two files hold the contract checkout: "])


def test_json_report_has_every_contract_and_change(cli: CommandLine) -> None:
    old, new = cli.file("old.contract.yaml", contract()), cli.file("new.contract.yaml", contract("1.1.0", "1"))
    answer = cli("diff", old, new, "--format", "json")
    document = json.loads(answer.out)
    assert (answer.code, document["exit_code"], document["spanpact_diff"]) == (1, 1, 1)
    (compared,) = document["contracts"]
    assert compared["old"] == {"version": "1.0.0", "file": old}
    summary = [compared[name] for name in ("state", "breaks", "needs", "raised", "finding")]
    assert summary == ["changed", ["producers"], "major", "minor", "version-too-low"]
    assert compared["changes"] == [
        {
            "key": "charge/count-changed", "id": "count-changed", "entry": "charge", "path": ["top", "charge"],
            "keyword": "count", "from": "0..1", "to": "1", "tightens": True, "loosens": False, "waived": False,
            "needs": "major", "reason": "", "place": {"file": new, "line": 6, "column": 34},
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "the following arguments are required: OLD, NEW"),
        (("old.contract.yaml",), "the following arguments are required: NEW"),
        (("old.contract.yaml", "nowhere.contract.yaml"), "there is no contract file `nowhere.contract.yaml`"),
        (("old.contract.yaml", "empty"), "no contract in empty"),
        (("old.contract.yaml", "wrong.contract.yaml"), "wrong.contract.yaml:6:34: unknown keyword `cuont`"),
        (("old.contract.yaml", "-"), "there is no contract file `-`"),
    ],
)
def test_unreadable_file_is_one_line_and_2(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    cli.file("old.contract.yaml", contract())
    cli.file("wrong.contract.yaml", contract().replace("count", "cuont"))
    (cli.folder / "empty").mkdir()
    monkeypatch.chdir(cli.folder)
    answer = cli("diff", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err, [words])


def test_a_terminal_without_box_characters_gets_ascii(cli: CommandLine) -> None:
    old, new = cli.file("old.contract.yaml", contract()), cli.file("new.contract.yaml", contract("1.1.0", "1"))
    answer = subprocess.run(
        [*SPANPACT, "diff", old, new], capture_output=True, check=False, env={"PYTHONIOENCODING": "ascii"}, timeout=50
    )
    assert answer.returncode == 1
    assert answer.stdout.decode("ascii").startswith("x checkout 1.0.0 -> 1.1.0")


def test_control_characters_of_a_contract_are_written_out(cli: CommandLine) -> None:
    old = cli.file("old.contract.yaml", contract())
    new = cli.file("new.contract.yaml", contract() + 'status_message: "\\e[31mred"\n')
    out = cli("diff", old, new).out
    assert "\x1b" not in out
    assert "\\x1b[31mred" in out
