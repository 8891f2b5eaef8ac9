"""Verify the spans of one test for the pytest plugin: with the contracts of the call, the marker or the configuration.

A contract file or folder is read once in a run of pytest, and coverage is added up over all tests.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from inspect import signature
from pathlib import Path
from typing import Any, Final

import pytest

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import load_contracts
from spanpact.errors import SpanpactError, UsageError
from spanpact.findings import Report
from spanpact.settings import Settings, find_settings
from spanpact.testing.arguments import are_contracts, in_order, listed_contracts
from spanpact.testing.failure import failure_text
from spanpact.testing.run_coverage import RunCoverage
from spanpact.testing.verifying import plans_of, verify_spans

NOT_CHECKED: Final = "spanpact_not_checked"
"""The property of a test's report with the number of expectations that could not be checked."""
COVERAGE: Final = pytest.StashKey[RunCoverage]()
_LOADED: Final = pytest.StashKey[dict[tuple[str, str], list[ContractPlan]]]()
_OPTIONS: Final = tuple(signature(verify_spans).parameters)[2:]
_SETTINGS: Final = pytest.StashKey[Settings]()
_SPANS: Final = "spanpact_spans"
_SUFFIXES: Final = (".yaml", ".yml")


def judge_call(item: pytest.Item, given: Sequence[Any], contracts: Any, spans: Any, options: dict[str, Any]) -> Report:
    """Verify for a call of `spanpact_verify`, whose positional arguments may be in either order.

    Raise AssertionError with the report unless the contracts are kept, UsageError and ContractError for mistakes.
    """
    __tracebackhide__ = True
    try:
        for each in given:
            if contracts is None and are_contracts(each):
                contracts = each
            elif spans is None:
                spans = each
            else:
                raise UsageError("two contracts or two holders of spans are given", hint="(contracts, spans)")
        contracts, spans = in_order(contracts, spans)
        if spans is None:
            spans = _captured(item)
        if contracts is None:
            contracts = configured(item.config)
        if contracts is None:
            raise UsageError(
                "no contract is given",
                hint="pass contracts=, or set --spanpact-contracts or `contracts` in spanpact.toml",
            )
        plans = _read_once(item.config, contracts)
        report = verify_spans(plans, spans, **options)
    except SpanpactError as error:
        raise error.with_traceback(None) from None
    _note(item, report)
    if report.verdict != "kept":
        raise AssertionError(failure_text(report, plans_of(plans), no_span=getattr(spans, "why_empty", "")))
    return report


def judge_marked(item: pytest.Item, marks: Sequence[pytest.Mark]) -> None:
    """Verify what `spanpact_spans` captured by the contracts of the markers; fail the test with the report."""
    try:
        plans = [plan for mark in marks for name in mark.args for plan in _named(item.config, name)]
        options = {key: value for mark in reversed(marks) for key, value in mark.kwargs.items()}
        if unknown := options.keys() - _OPTIONS:
            raise UsageError(f"unknown option {min(unknown)!r}", hint=f"accepted: {', '.join(_OPTIONS)}")
        spans = _captured(item)
        report = verify_spans(plans, spans, **options)
    except SpanpactError as error:
        reason = f"marker contract: {error}"
    else:
        _note(item, report)
        reason = "" if report.verdict == "kept" else failure_text(report, plans, no_span=spans.why_empty)
    if reason:
        pytest.fail(reason, pytrace=False)


def configured(config: pytest.Config) -> Any:
    """Return the contracts of the command line, of pytest's configuration or the project's settings; None without."""
    if given := config.getoption("--spanpact-contracts"):
        return given
    if paths := config.getini("spanpact_contracts"):
        return [_as_from_start(config, each) for each in paths]
    settings = config.stash.get(_SETTINGS, None)
    if settings is None:
        settings = config.stash[_SETTINGS] = find_settings(config.rootpath)
    return settings.values.get("contracts")


def _as_from_start(config: pytest.Config, path: Path) -> str:
    """Return an absolute path relative to the folder that pytest was started in, unless a test has left that."""
    relative = os.path.relpath(path, config.invocation_params.dir)
    return relative if Path(relative).absolute() == path else str(path)


def _captured(item: pytest.Item) -> Any:
    spans = getattr(item, "funcargs", {}).get(_SPANS)
    if spans is None:
        raise UsageError("no spans are given", hint=f"pass an exporter, or take the fixture {_SPANS}")
    return spans


def _named(config: pytest.Config, name: str | os.PathLike[str]) -> list[ContractPlan]:
    """Return the configured contracts of this name, or those of a file or folder."""
    text = os.fspath(name)
    known = plans_of(_read_once(config, paths)) if (paths := configured(config)) else []
    if found := [plan for plan in known if plan.name == text]:
        return found
    if text.endswith(_SUFFIXES) or os.path.isdir(text):
        return plans_of(_read_once(config, text))
    names = sorted({plan.name for plan in known})
    near = get_close_matches(text, names, 1)
    meant = f"did you mean {near[0]}? " if near else ""
    hint = f"{meant}known: {', '.join(names)}" if names else "set --spanpact-contracts, or name a file"
    raise UsageError(f"there is no contract {text!r}", hint=hint)


def _read_once(config: pytest.Config, contracts: Any) -> list[Any]:
    """Return the contracts, those of a file or a folder loaded: each is read once in a run, not by each test."""
    loaded = config.stash.setdefault(_LOADED, {})
    return [each for given in listed_contracts(contracts) for each in _loaded(loaded, given)]


def _loaded(loaded: dict[tuple[str, str], list[ContractPlan]], given: Any) -> Iterator[Any]:
    if not isinstance(given, str | os.PathLike):
        yield given
        return
    place = str(given), os.path.abspath(given)  # as it was named: reports show that
    if place not in loaded:
        loaded[place] = load_contracts([given])
    yield from loaded[place]


def _note(item: pytest.Item, report: Report) -> None:
    """Note what the end of the run tells: what could not be checked, and the coverage."""
    if number := sum(len(result.not_checked) for result in report.results):
        item.user_properties.append((NOT_CHECKED, number))
    item.config.stash.setdefault(COVERAGE, RunCoverage()).add(report)
