"""The pytest plugin, in pytest runs of their own."""

from __future__ import annotations

import os
import sys
from importlib.metadata import entry_points

import pytest

pytest_plugins = ["pytester"]

CONTRACT = "spanpact: 1\ncontract: work\nversion: 1.0.0\nspan: work\nkind: internal\nstatus_message: ''\n"
INSTALLED = any(plugin.name == "spanpact" for plugin in entry_points(group="pytest11"))
PLUGIN = () if INSTALLED else ("-p", "spanpact.testing.pytest_plugin")  # registered twice it would be refused
QUIET = ("-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:hypothesispytest", "-W", "ignore")
TESTS = """\
from spanpact.trace.model import Reading, Span, SourceInfo, Trace

def reading(status="unset", lacking=()):
    info = SourceInfo("made", SourceInfo("made").capabilities - set(lacking))
    span = Span("1" * 32, "2" * 16, "work", status=status, start_ns=1, end_ns=2)
    return Reading(info, [Trace("1" * 32, [span])])

def test_kept(spanpact_verify):
    assert spanpact_verify(reading()).verdict == "kept"

def test_less(spanpact_verify):
    spanpact_verify(reading(lacking=["status_message"]))
"""


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    pytester.makefile(".contract.yaml", work=CONTRACT)
    return pytester.runpytest_inprocess(*PLUGIN, *QUIET, *arguments)


def test_contracts_come_from_the_command_line_and_gaps_are_in_the_summary(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    result = run(pytester, "--spanpact-contracts", "work.contract.yaml")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*2 passed, 1 not checked in *"])


def test_contracts_come_from_the_ini_file(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    pytester.makeini("[pytest]\nspanpact_contracts = work.contract.yaml\n")
    run(pytester).assert_outcomes(passed=2)


def test_contracts_of_the_ini_file_are_shown_as_from_the_start_folder(pytester: pytest.Pytester) -> None:
    lines = ["def test_elsewhere(spanpact_verify, monkeypatch, tmp_path):", "    monkeypatch.chdir(tmp_path)"]
    lines += ["    assert spanpact_verify(reading()).results[0].file == WHOLE"]
    lines += ["def test_here(spanpact_verify):", "    assert spanpact_verify(reading()).results[0].file == SHOWN"]
    shown = os.path.join("contracts", "work.contract.yaml")
    names = f"SHOWN, WHOLE = {shown!r}, {str(pytester.path / shown)!r}\n"
    pytester.mkdir("contracts").joinpath("work.contract.yaml").write_text(CONTRACT)
    pytester.makepyfile(TESTS + "\n" + names + "\n".join(lines))
    pytester.makeini("[pytest]\nspanpact_contracts = contracts\n")
    pytester.runpytest_inprocess(*PLUGIN, *QUIET, "-k", "here").assert_outcomes(passed=2, deselected=2)


def test_contracts_with_our_own_ending_are_found_in_a_folder(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    pytester.mkdir("contracts").joinpath("work.spanpact.yaml").write_text(CONTRACT)
    pytester.runpytest_inprocess(*PLUGIN, *QUIET, "--spanpact-contracts", "contracts").assert_outcomes(passed=2)


@pytest.mark.parametrize(
    "named", ["", ", 'work.contract.yaml'", ", ['work.contract.yaml']", ", Path('work.contract.yaml')"]
)
def test_a_contract_is_read_once(named: str, pytester: pytest.Pytester) -> None:
    lines = [
        "from pathlib import Path",
        "@pytest.mark.parametrize('number', [1, 2])",
        "def test_whose_file_is_gone_the_second_time(number, spanpact_verify):",
        f"    assert spanpact_verify(reading(){named}).verdict == 'kept'",
        "    Path('work.contract.yaml').unlink(missing_ok=True)",
    ]
    pytester.makepyfile("import pytest\n" + TESTS + "\n" + "\n".join(lines))
    run(pytester, "--spanpact-contracts", "work.contract.yaml", "-k", "gone").assert_outcomes(passed=2, deselected=2)


def test_a_name_in_another_folder_is_another_contract(pytester: pytest.Pytester) -> None:
    lines = [
        "@pytest.mark.parametrize(('folder', 'verdict'), [('.', 'kept'), ('other', 'broken')])",
        "def test_in_a_folder(folder, verdict, spanpact_verify, monkeypatch):",
        "    monkeypatch.chdir(folder)",
        "    if verdict == 'kept':",
        "        spanpact_verify(reading(), 'work.contract.yaml')",
        "    else:",
        "        with pytest.raises(AssertionError):",
        "            spanpact_verify(reading(), 'work.contract.yaml')",
    ]
    pytester.makepyfile("import pytest\n" + TESTS + "\n" + "\n".join(lines))
    pytester.mkdir("other").joinpath("work.contract.yaml").write_text(CONTRACT + "status: error\n")
    run(pytester, "-k", "in_a_folder").assert_outcomes(passed=2, deselected=2)


def test_report_is_the_explanation_of_the_failure(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        TESTS + "\ndef test_broken(spanpact_verify):\n    spanpact_verify(reading('error'), 'strict.contract.yaml')\n"
    )
    pytester.makefile(".contract.yaml", strict=CONTRACT + "status: unset\n")
    result = run(pytester, "-k", "broken")
    result.assert_outcomes(failed=1, deselected=2)
    result.stdout.fnmatch_lines(
        [
            ">*spanpact_verify(reading('error'), 'strict.contract.yaml')",
            "E  *work*error*",
            "E * top/status  strict.contract.yaml:7:*",
        ]
    )
    result.stdout.no_fnmatch_line("*assert_kept*")


def test_no_contract_is_a_clear_error(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    result = run(pytester, "-k", "kept")
    result.assert_outcomes(failed=1, deselected=1)
    result.stdout.fnmatch_lines(["*UsageError: no contract is given (pass contracts=*"])


def test_plugin_imports_nothing_while_it_is_not_used(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import sys\n\n"
        "def test_free():\n"
        "    heavy = {'spanpact.engine', 'spanpact.testing.verifying', 'spanpact.trace', 'msgspec', 're2'}\n"
        "    heavy |= {'opentelemetry'}\n"
        "    assert not heavy & set(sys.modules)\n"
    )
    result = pytester.run(sys.executable, "-m", "pytest", *PLUGIN, *QUIET)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*not checked*")
