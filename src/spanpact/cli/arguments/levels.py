"""`--level` and `--fail-on`: change the levels of findings from outside of the contracts."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from spanpact.cli.arguments.options import Parser
from spanpact.errors import UsageError

if TYPE_CHECKING:
    from spanpact.contract.compiled import ContractPlan
    from spanpact.findings import Level, Report

_FAILING: Final = ("violation", "improvement", "information")


def add_level_options(parser: Parser) -> None:
    """Add `--level` and `--fail-on`."""
    parser.add_argument(
        "--level", action="append", type=_override, default=[], dest="levels", metavar="FINDING=LEVEL",
        help="the level of a finding, or of an entry's (child-late=violation, store/duration=off), whatever the "
        "contracts say; may be repeated (default: the contracts' levels)",
    )  # fmt: skip
    parser.add_argument(
        "--fail-on", type=_failing, metavar="LEVEL",
        help=f"raise findings of this level, or a stricter one, to violations: {', '.join(_FAILING)} "
        "(default: violation)",
    )  # fmt: skip


def are_changed(given: argparse.Namespace) -> bool:
    """Return whether the arguments change levels."""
    return bool(given.levels) or given.fail_on != _FAILING[0]


def with_levels(plans: Sequence[ContractPlan], given: argparse.Namespace) -> list[ContractPlan]:
    """Return the contracts with the levels that the arguments set.

    Raises `UsageError` for an entry that is in none of them.
    """
    if not are_changed(given):
        return list(plans)
    overrides: dict[str, Level] = dict(given.levels)
    _check_entries(plans, overrides)
    return [replace(plan, levels=_raised(_overridden(plan.levels, overrides), given.fail_on)) for plan in plans]


def with_levels_named(report: Report, given: argparse.Namespace) -> Report:
    """Return the report with a line in its header that names the levels set by the arguments."""
    rows = level_rows(given)
    return replace(report, header=(*report.header, *rows)) if rows else report


def level_rows(given: argparse.Namespace) -> list[tuple[str, str]]:
    """Return the line of a report's header that names the levels set by the arguments; none where none was set."""
    if not are_changed(given):
        return []
    set_here = [f"{key}={level}" for key, level in given.levels]
    set_here += [f"fail on {given.fail_on}"] if given.fail_on != _FAILING[0] else []
    return [("levels", ", ".join(set_here))]


def _overridden(levels: Mapping[str, Level], overrides: Mapping[str, Level]) -> dict[str, Level]:
    """Return the levels with the overrides; one of a finding replaces those of its entries too."""
    kept = {key: level for key, level in levels.items() if key.rpartition("/")[2] not in overrides}
    return {**kept, **overrides}


def _raised(levels: Mapping[str, Level], least: Level) -> dict[str, Level]:
    """Return the levels of all findings, with those from `least` on as violations."""
    from spanpact.findings import CATALOGUE

    failing = _FAILING[: _FAILING.index(least) + 1]
    every = {**{id: known.level for id, known in CATALOGUE.items()}, **levels}
    return {key: "violation" if level in failing else level for key, level in every.items()}


def _check_entries(plans: Sequence[ContractPlan], overrides: Mapping[str, Level]) -> None:
    from spanpact.contract.loader.vocabulary import suggest
    from spanpact.engine.results.pending import pending_ids

    for key in overrides:
        entry = key.rpartition("/")[0]
        known = {"integrity"}
        for plan in plans:
            known |= pending_ids(plan, "top") | {statement.id for statement in plan.across}
            known.update(id for rule in plan.rules for id in pending_ids(plan, rule.id))
        if entry and entry not in known:
            raise UsageError(f"--level {key}: no contract has the id {entry!r}", hint=suggest(entry, sorted(known)))


def _override(text: str) -> tuple[str, Level]:
    from spanpact.contract.loader.vocabulary import suggest, suggest_word
    from spanpact.findings import CATALOGUE, LEVELS

    key, equals, level = text.partition("=")
    finding = key.rpartition("/")[2]
    if not equals:
        raise argparse.ArgumentTypeError(f"cannot be {text!r}; accepted: FINDING=LEVEL, such as child-late=violation")
    if finding not in CATALOGUE:
        raise argparse.ArgumentTypeError(f"{finding!r} is not a finding id; {suggest(finding, tuple(CATALOGUE))}")
    for known in LEVELS:
        if level == known:
            return key, known
    raise argparse.ArgumentTypeError(f"unknown level {level!r}; {suggest_word(level, LEVELS)}")


def _failing(text: str) -> str:
    if text in _FAILING:
        return text
    from spanpact.contract.loader.vocabulary import suggest_word

    raise argparse.ArgumentTypeError(f"unknown level {text!r}; {suggest_word(text, _FAILING)}")
