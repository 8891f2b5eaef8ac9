"""Lint reports each mistake once, at its place, and nothing for a correct contract."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from spanpact.findings.catalogue import CATALOGUE
from spanpact.lint import LINT_IDS, LintMessage, LintReport, lint
from tests.lint.contracts import CASES, HEAD, Case

TODAY = dt.date(2026, 7, 1)
ROOT = Path(__file__).parents[2]
OF_EXAMPLES = ("examples-missing", "expectation-unproven")  # the bodies of CASES have no examples
ELSEWHERE = {
    "contract-error", "examples-missing", "example-wrong", "given-unused", "example-without-flow",
    "expectation-unproven", "fragment-unused", "extends-unused", "name-twice",
}  # fmt: skip
"""Ids whose tests need more than a body: below."""


class Folder:
    """A folder of contract files."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, text: str, name: str = "c") -> Path:
        """Write a contract file and return its path."""
        file = self.path / f"{name}.contract.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    def lint(self, text: str = "", *names: str) -> LintReport:
        """Write `text` if given, and lint the folder or only the files named."""
        if text:
            self.write(text)
        return lint([self.path / f"{name}.contract.yaml" for name in names] or [self.path], today=TODAY)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Return an empty folder."""
    return Folder(tmp_path)


def only(report: LintReport, id: str) -> LintMessage:
    """Return the only message with the id."""
    (message,) = (each for each in report.messages if each.id == id)
    return message


def ids(report: LintReport) -> list[str]:
    """Return the ids of the messages, without those that every body without examples gives."""
    return [each.id for each in report.messages if each.id not in OF_EXAMPLES]


def where(message: LintMessage) -> str:
    """Return line and column."""
    assert message.place is not None
    return f"{message.place.line}:{message.place.column}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.id}: {case.name}")
def test_a_mistake_is_one_message_at_its_place(folder: Folder, case: Case) -> None:
    report = folder.lint(HEAD + case.wrong)
    assert ids(report) == [case.id], report
    message = only(report, case.id)
    assert message.place is not None
    line = (HEAD + case.wrong).splitlines()[message.place.line - 1]
    assert line[message.place.column - 1 :].startswith(case.at)
    assert (message.level, message.contract) == (LINT_IDS[case.id].level, "c")
    assert case.says in message.message
    assert message.hint


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.id}: {case.name}")
def test_the_contract_without_the_mistake_is_clean(folder: Folder, case: Case) -> None:
    assert ids(folder.lint(HEAD + case.clean)) == []


def test_every_id_has_a_case_or_a_test_of_its_own() -> None:
    assert {case.id for case in CASES} | ELSEWHERE == set(LINT_IDS)
    assert {case.id for case in CASES} & ELSEWHERE == set()


def test_ids_that_findings_have_too_have_the_level_of_the_finding() -> None:
    shared = set(LINT_IDS) & set(CATALOGUE)
    assert shared == {"pending-expired", "example-wrong", "expectation-unproven"}
    assert [id for id in shared if LINT_IDS[id].level != CATALOGUE[id].level] == []


@pytest.mark.parametrize("id", sorted(LINT_IDS))
def test_every_id_is_documented_under_its_level(id: str) -> None:
    section = (
        (ROOT / "docs" / "cli.md").read_text(encoding="utf-8").partition("## spanpact lint\n")[2].partition("\n## ")[0]
    )
    table = section.partition(f"| {LINT_IDS[id].level} | meaning | what to do |\n")[2].partition("\n\n")[0]
    (entry,) = (line for line in table.splitlines() if line.startswith(f"| `{id}` |"))
    assert entry.count(" | ") == 2


def test_every_mistake_of_the_language_is_reported(folder: Folder) -> None:
    report = folder.lint(HEAD + "statsu: ok\nkind: cleint\nchildren: {a: {span: x, count: many}, b: {}}\n")
    assert report.exit_code == 2
    assert [(where(each), each.message) for each in report.messages] == [
        ("5:1", "unknown keyword `statsu` in a contract"),
        ("6:7", "`kind` cannot be `cleint`"),
        ("7:32", "`count` cannot be `many`"),
        ("7:39", "the entry `b` needs `span`"),
    ]
    assert {each.id for each in report.messages} == {"contract-error"}


def test_unknown_ids_are_mistakes_of_the_language(folder: Folder) -> None:
    report = folder.lint(HEAD + "order: [a, b]\npending: {c: {reason: r, owner: o, until: 2027-01-01}}\n")
    assert [(each.id, where(each)) for each in report.messages] == [
        ("contract-error", "5:9"), ("contract-error", "5:12"), ("contract-error", "6:11"),
    ]  # fmt: skip


def test_a_mistake_in_one_file_leaves_the_others_linted(folder: Folder) -> None:
    folder.write("spanpact: [\n", "a")
    report = folder.lint(HEAD + "closed: []\n")
    assert [(each.id, each.place and Path(each.place.file).name) for each in report.messages] == [
        ("contract-error", "a.contract.yaml"),
        ("examples-missing", "c.contract.yaml"),
        ("says-nothing", "c.contract.yaml"),
    ]  # fmt: skip
    assert (report.exit_code, report.contracts) == (2, 1)


def test_a_mistake_in_a_fragment_is_reported_once(folder: Folder) -> None:
    folder.write("spanpact: 1\nfragment: f\nevry: {}\n", "f")
    for name in ("a", "b"):
        folder.write(HEAD.replace(": c", f": {name}") + "extends: [f.contract.yaml]\n", name)
    report = folder.lint()
    assert [(each.id, where(each)) for each in report.messages] == [("contract-error", "3:1")]


def test_every_mistake_of_the_examples_is_reported(folder: Folder) -> None:
    examples = (
        "status: ok\nexamples:\n  a: {trace: [work], findings: [top/staus]}\n  b: {like: z, but: {top: absent}}\n"
    )
    report = folder.lint(HEAD + examples)
    assert [(each.id, where(each)) for each in report.messages] == [
        ("contract-error", "7:33"),
        ("contract-error", "8:13"),
    ]


OK = "examples:\n  kept: {trace: [{span: work, status: ok}]}\n"
BAD = "  bad: {trace: [work], findings: [top/status]}\n"


def test_contract_whose_examples_prove_it_is_clean(folder: Folder) -> None:
    report = folder.lint(HEAD + "status: ok\n" + OK + BAD)
    assert (report.messages, report.exit_code, report.contracts) == ((), 0, 1)


def test_contract_without_examples_is_a_violation(folder: Folder) -> None:
    message = only(folder.lint(HEAD + "status: ok\n"), "examples-missing")
    assert (where(message), message.message) == ("2:1", "the contract has no examples")


@pytest.mark.parametrize(("examples", "missing"), [(OK, "rejected"), ("examples:\n" + BAD, "accepted")])
def test_both_kinds_of_examples_are_needed(folder: Folder, examples: str, missing: str) -> None:
    report = folder.lint(HEAD + "status: ok\n" + examples)
    message = only(report, "examples-missing")
    assert (where(message), message.message) == ("6:1", f"`examples` has no {missing} example")
    assert report.exit_code == 1


@pytest.mark.parametrize(
    ("examples", "hint"),
    [
        (OK.replace("status: ok", "kind: client") + BAD, "found but not listed: top/status"),
        (OK + BAD.replace("[work]", "[{span: work, status: ok}]"), "listed but not found: top/status"),
        (
            OK + BAD.replace("top/status", "top/kind"),
            "listed but not found: top/kind; found but not listed: top/status",
        ),
    ],
    ids=["an accepted one that breaks it", "a rejected one that keeps it", "other findings than it states"],
)
def test_example_with_other_findings_than_listed_is_wrong(folder: Folder, examples: str, hint: str) -> None:
    report = folder.lint(HEAD + "status: ok\n" + examples)
    assert only(report, "example-wrong").hint == hint
    assert report.exit_code == 1


def test_expectation_that_no_example_proves_is_information(folder: Folder) -> None:
    report = folder.lint(HEAD + "status: ok\nkind: internal\n" + OK + BAD)
    message = only(report, "expectation-unproven")
    assert (where(message), report.exit_code) == ("6:1", 0)
    assert message.message == "no example proves top.kind: without it, all give the same findings"


def test_expectation_with_another_message_is_not_reported_as_unproven(folder: Folder) -> None:
    report = folder.lint(HEAD + "status: ok\norder: [top]\n" + OK + BAD)
    assert [each.id for each in report.messages] == ["says-nothing"]


def test_contract_may_demand_that_everything_is_proven(folder: Folder) -> None:
    level = "levels: {expectation-unproven: improvement}\n"
    assert folder.lint(HEAD + "status: ok\nkind: internal\n" + level + OK + BAD).exit_code == 1


def test_accepted_example_without_a_flow_is_reported(folder: Folder) -> None:
    report = folder.lint(HEAD + "status: ok\n" + OK + "  other: {trace: [wrok]}\n" + BAD)
    message = only(report, "example-without-flow")
    assert (where(message), ids(report)) == ("8:3", ["example-without-flow"])
    assert message.message == "the example `other` is accepted only because it has no span `work`"


def test_accepted_example_that_where_excludes_is_correct(folder: Folder) -> None:
    body = (
        HEAD + "where: {kind: internal}\nstatus: ok\n" + OK + "  served: {trace: [{span: work, kind: server}]}\n" + BAD
    )
    assert ids(folder.lint(body)) == []


def test_given_of_spans_that_no_example_has_is_unused(folder: Folder) -> None:
    given = "  given: {work: {kind: internal}, wrok: {kind: internal}, '*': {kind: internal}}\n"
    report = folder.lint(HEAD + "status: ok\n" + OK.replace("\n", "\n" + given, 1) + BAD)
    assert (where(only(report, "given-unused")), ids(report)) == ("7:35", ["given-unused"])


FRAGMENT = "spanpact: 1\nfragment: f\n"
EXTENDS = HEAD + "extends: [f.contract.yaml]\nstatus: ok\n" + OK + BAD


def test_fragment_that_nobody_extends_is_unused(folder: Folder) -> None:
    folder.write(FRAGMENT + "every: {r: {span: '*', kind: internal}}\n", "f")
    assert ids(folder.lint(HEAD + "status: ok\n" + OK + BAD)) == ["fragment-unused"]
    assert ids(folder.lint(EXTENDS)) == []
    assert folder.lint("", "f").messages == ()  # without contracts, none could extend it


def test_fragment_from_which_the_contract_uses_nothing_is_reported(folder: Folder) -> None:
    folder.write(FRAGMENT + "aliases: {x: [y]}\n", "f")
    assert ids(folder.lint(EXTENDS)) == ["extends-unused", "alias-unused"]
    folder.write(FRAGMENT + "aliases: {x: [y]}\n", "f")
    assert ids(folder.lint(EXTENDS.replace("status: ok\n", "status: ok\nattributes: {x: absent}\n", 1))) == []


def test_definition_of_a_fragment_is_used_if_one_contract_uses_it(folder: Folder) -> None:
    folder.write(FRAGMENT + "aliases: {x: [y]}\nclasses: {badge: 'B[0-9]'}\nlevels: {child-late: off}\n", "f")
    folder.write(EXTENDS.replace("contract: c", "contract: d"), "d")
    assert ids(folder.lint(EXTENDS)) == ["alias-unused", "class-unused"]
    assert (
        ids(
            folder.lint(
                EXTENDS.replace(
                    "status: ok\n", "status: ok\nattributes: {x: absent}\nevery: {r: {span: '*', forbid: [badge]}}\n", 1
                )
            )
        )
        == []
    )


def test_expectation_of_a_fragment_may_be_proven_by_any_contract(folder: Folder) -> None:
    fragment = folder.write(FRAGMENT + "every: {r: {span: '*', kind: internal}}\n", "f")
    folder.write(EXTENDS.replace("contract: c", "contract: d"), "d")
    message = only(folder.lint(EXTENDS), "expectation-unproven")
    assert (message.place and message.place.file, where(message)) == (str(fragment), "3:24")
    folder.write(EXTENDS + "  served: {trace: [{span: work, status: ok, kind: server}], findings: [r/kind]}\n")
    assert folder.lint().messages == ()


def test_unproven_expectation_of_a_fragment_is_not_reported_for_a_contract_alone(folder: Folder) -> None:
    folder.write(FRAGMENT + "every: {r: {span: '*', kind: internal}}\n", "f")
    folder.write(EXTENDS)
    assert folder.lint("", "c").messages == ()


def test_nothing_is_called_unused_while_a_contract_cannot_be_read(folder: Folder) -> None:
    folder.write(FRAGMENT + "aliases: {x: [y]}\n", "f")
    folder.write(HEAD + "extends: [f.contract.yaml]\nattributes: {x: 1}\nstatsu: ok\n", "d")
    assert ids(folder.lint(HEAD + "status: ok\n" + OK + BAD)) == ["contract-error"]


def test_two_contracts_with_the_same_name_and_version_are_reported(folder: Folder) -> None:
    text = HEAD + "status: ok\n" + OK + BAD
    folder.write(text, "d")
    report = folder.lint(text)
    assert (ids(report), where(only(report, "name-twice"))) == (["name-twice"], "2:1")
    folder.write(text.replace("1.0.0", "1.1.0"), "d")
    assert folder.lint().messages == ()


def test_finding_that_is_pending_or_has_its_own_level_is_no_contradiction(folder: Folder) -> None:
    rule = "children: {load: {span: db.query, kind: server}}\nevery: {r: {span: 'db.*', kind: client}}\n"
    assert ids(folder.lint(HEAD + rule)) == ["never-holds"]
    assert ids(folder.lint(HEAD + rule + "levels: {r/kind: off}\n")) == []
    assert ids(folder.lint(HEAD + rule + "pending: {r: {reason: r, owner: o, until: 2027-01-01}}\n")) == []


def test_count_that_has_another_level_does_not_make_a_condition_redundant(folder: Folder) -> None:
    body = "children: {load: {span: a}}\nconditions: {c1: {when: {top: {status: ok}}, then: {load: present}}}\n"
    assert ids(folder.lint(HEAD + body)) == ["then-redundant"]
    assert ids(folder.lint(HEAD + body + "levels: {load/span-misplaced: off}\n")) == []
    assert ids(folder.lint(HEAD + body + "levels: {span-missing: improvement}\n")) == []
    absent = body.replace("present", "absent")
    assert ids(folder.lint(HEAD + absent)) == ["then-never-holds"]
    assert ids(folder.lint(HEAD + absent + "levels: {load/span-missing: off}\n")) == []


def test_messages_come_in_the_order_of_files_and_places(folder: Folder) -> None:
    folder.write(HEAD.replace(": c", ": a") + "closed: []\naliases: {x: [y]}\n", "a")
    report = folder.lint(HEAD + "closed: []\n")
    assert [(each.contract, where(each)) for each in report.messages] == [
        ("a", "2:1"), ("a", "5:1"), ("a", "6:11"), ("c", "2:1"), ("c", "5:1"),
    ]  # fmt: skip


@pytest.mark.expensive
@pytest.mark.unmeasured
def test_the_shipped_contracts_are_clean_and_proven_to_the_last_expectation() -> None:
    report = lint([ROOT / "contracts" / "v1"], today=TODAY)
    assert report.messages == ()
    assert report.contracts > 10
