"""What a failing test says: the contract and finding in the summary, hints, and mistakes at the line of the test."""

from __future__ import annotations

from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider

from spanpact.errors import UsageError
from spanpact.testing import verify_spans
from tests.testing.test_pytest_plugin import CONTRACT, TESTS, run

pytest_plugins = ["pytester"]


def failing(pytester: pytest.Pytester, *lines: str) -> pytest.RunResult:
    """Run one test with these lines, which must fail."""
    pytester._monkeypatch.setenv("COLUMNS", "200")  # the summary shows lines in full
    body = "\n    ".join(lines)
    pytester.makepyfile(
        f"{TESTS}\nfrom spanpact.testing import verify_spans\ndef test_it(spanpact_verify):\n    {body}\n"
    )
    result = run(pytester, "-k", "test_it", "--spanpact-contracts", "work.contract.yaml")
    result.assert_outcomes(failed=1, deselected=2)
    return result


def test_summary_line_names_the_contract_and_the_first_finding(pytester: pytest.Pytester) -> None:
    pytester.makefile(".contract.yaml", strict=CONTRACT.replace("contract: work", "contract: strict") + "status: ok\n")
    result = failing(pytester, "spanpact_verify(reading(), 'strict.contract.yaml')")
    result.stdout.fnmatch_lines(["FAILED *::test_it - AssertionError: broken: strict, top/status (1 finding)"])


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "*UsageError: there is no contract file `no.contract.yaml`*"), (CONTRACT + "statsu: ok", "*:7:1: unknown*")],
)
@pytest.mark.parametrize("call", ["spanpact_verify(reading(), {})", "verify_spans({}, reading())"])
def test_mistake_is_told_at_the_line_of_the_test(text: str, message: str, call: str, pytester: pytest.Pytester) -> None:
    if text:
        pytester.makefile(".contract.yaml", no=text)
    result = failing(pytester, call.format("'no.contract.yaml'"))
    result.stdout.fnmatch_lines([">*'no.contract.yaml'*", f"E{message}"])
    assert "spanpact/" not in result.stdout.str().replace("\\", "/")  # no frame of ours


@pytest.mark.parametrize(
    "call",
    [
        "spanpact_verify({spans}, {contracts})",
        "spanpact_verify({contracts}, {spans})",
        "spanpact_verify({spans}, contracts={contracts})",
        "spanpact_verify({contracts}, spans={spans})",
        "verify_spans({contracts}, {spans})",
        "verify_spans({spans}, {contracts})",
    ],
)
@pytest.mark.parametrize("contracts", ["'work.contract.yaml'", "[Path('work.contract.yaml')]"])
def test_contracts_and_spans_may_be_given_in_either_order(call: str, contracts: str, pytester: pytest.Pytester) -> None:
    line = call.format(spans="reading()", contracts=contracts)
    result = failing(pytester, "from pathlib import Path", f"assert {line}.verdict == 'broken'")
    result.stdout.fnmatch_lines(["E*AssertionError: assert 'kept' == 'broken'"])


def test_hint_says_where_spans_may_be_if_none_arrived(pytester: pytest.Pytester) -> None:
    result = failing(pytester, "spanpact_verify([])")
    result.stdout.fnmatch_lines(["E*AssertionError: not checked: work, unseen", "E*hint: no span arrived: *flushed*"])


def test_contract_without_a_flow_shows_the_traces_and_the_nearest_name(pytester: pytest.Pytester) -> None:
    pytester.makefile(".contract.yaml", other=CONTRACT.replace("span: work", "span: works"))
    result = failing(pytester, "spanpact_verify(reading(), 'other.contract.yaml', allow_unseen=True)")
    result.stdout.fnmatch_lines(
        [
            "E*hint: work begins at works; the nearest span is work",
            "E*hint: allow_unseen accepts * no contract is kept",
            "E*the traces that arrived",
            "E         work  1ns",
        ]
    )


@pytest.mark.parametrize(
    ("spans", "what"),
    [
        (TracerProvider(shutdown_on_exit=False), "TracerProvider holds no"),
        ([1], "int is no finished span"),
        ("x", "two contracts"),
    ],
)
def test_what_holds_no_spans_is_refused(spans: object, what: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"{what}.*accepted: the fixture spanpact_spans"):
        verify_spans(tmp_path, spans)


def test_what_is_no_contract_is_refused() -> None:
    with pytest.raises(UsageError, match=r"dict is no contract .accepted: a contract file"):
        verify_spans({}, [])  # type: ignore[arg-type]


def test_contracts_may_come_from_the_settings_of_the_project(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    pytester.makefile(".toml", spanpact='contracts = "work.contract.yaml"\n')
    run(pytester, "-k", "kept").assert_outcomes(passed=1, deselected=1)
