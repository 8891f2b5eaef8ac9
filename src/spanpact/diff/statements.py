"""Compare the statements of `across`: sampling, error rates, percentiles and distinct names over all flows."""

from __future__ import annotations

from typing import Any

from spanpact.contract.compiled import Statement
from spanpact.diff.changes import LOOSER, TIGHTER, both_ways
from spanpact.diff.comparison import Comparison, Subject, Value, by_id, compare_by_id, edit_of, optional_sides, sides
from spanpact.diff.compatibility_rules import KEYWORDS
from spanpact.engine.checks.values.shown import shown_ns


def compare_statements(comparison: Comparison) -> None:
    """Compare every statement of `across` by its id."""
    olds, news = by_id(comparison.old.plan.across), by_id(comparison.new.plan.across)
    compare_by_id(comparison, olds, news, _compare_statement, _add_or_remove)


def _subject(statement: Statement) -> Subject:
    return Subject(statement.id, (statement.id,), steers=False)


def _whole(statement: Statement) -> Value:
    return Value(statement, statement.place)


def _add_or_remove(comparison: Comparison, old: Statement | None, new: Statement | None) -> None:
    """Add the change of a statement that is in one version only."""
    statement = old or new
    assert statement is not None
    raised = [(statement.id, finding) for finding in KEYWORDS[f"across.{statement.keyword}"].findings]
    shift, waived = comparison.waive(_subject(statement), TIGHTER if new else LOOSER, raised, raised)
    values = optional_sides(old, new, _whole)
    comparison.add(_subject(statement), "statement", edit_of(new), values, shift, waived=waived, name="across")


def _compare_statement(comparison: Comparison, old: Statement, new: Statement) -> None:
    subject = _subject(new)
    if old.keyword != new.keyword:
        values = sides(old, new, _whole)
        comparison.add(subject, "statement", "changed", values, both_ways("it limits something else"), name="across")
        return

    def compare(keyword: str, before: Any, after: Any) -> None:
        places = [each.places.get(keyword, each.place) for each in (old, new)]
        values = Value(before, places[0]), Value(after, places[1])
        comparison.compare(subject, f"across.{keyword}", values, name=keyword, raised_as=f"across.{new.keyword}")

    compare("of", old.of, new.of)
    compare("samples", old.samples, new.samples)
    if old.sampling is not None:
        compare("sampling", old.sampling, new.sampling)
        compare("confidence", old.confidence, new.confidence)
    if old.error_rate is not None:
        compare("error_rate", old.error_rate, new.error_rate)
    if old.distinct_names is not None:
        compare("distinct_names", old.distinct_names, new.distinct_names)
    _percentiles(comparison, subject, old, new)


def _percentiles(comparison: Comparison, subject: Subject, old: Statement, new: Statement) -> None:
    before, after = dict(old.percentiles), dict(new.percentiles)
    for percent in dict.fromkeys((*after, *before)):
        name = f"duration.p{percent:g}"
        values = _percentile(old, before.get(percent), name), _percentile(new, after.get(percent), name)
        if percent in before and percent in after:
            comparison.compare(subject, "across.duration", values, name=name)
        else:
            raised = [(new.id, "duration")]
            shift, waived = comparison.waive(subject, TIGHTER if percent in after else LOOSER, raised, raised)
            comparison.add(
                subject, "across.duration", edit_of(percent in after), values, shift, waived=waived, name=name
            )


def _percentile(statement: Statement, bound_ns: int | None, name: str) -> Value:
    text = "" if bound_ns is None else shown_ns(bound_ns)
    return Value(bound_ns, statement.places.get(name, statement.place), text)
