"""Compares `every` and `across`: rules and statements by their id."""

from __future__ import annotations

from typing import Any

from spanpact.contract.compiled import Content, Rule, Statement
from spanpact.diff.changes import LOOSER, TIGHTER, both_ways
from spanpact.diff.comparison import Comparing, Edit, Sides, Subject, Value, by_id, each_by_id, one_sided, sides
from spanpact.diff.compatibility_rules import KEYWORDS
from spanpact.diff.contents import compare_contents, naming
from spanpact.diff.contract_facts import Raised, raised_by_content
from spanpact.diff.entries import compare_where
from spanpact.engine.checks.shown import shown_ns


def compare_rules(comparing: Comparing) -> None:
    """Compares every rule of `every`."""
    each_by_id(
        by_id(comparing.old.plan.rules),
        by_id(comparing.new.plan.rules),
        gone=lambda rule: _rule(comparing, rule, None),
        come=lambda rule: _rule(comparing, None, rule),
        stayed=lambda old, new: _rule_stayed(comparing, old, new),
    )


def _subject(id: str) -> Subject:
    return Subject(id, (id,), steers=False)


def _raised(rule: Rule) -> list[Raised]:
    raised = list(raised_by_content(rule.id, rule.content))
    if rule.count is not None:
        what = "span" if rule.event is None else "event"
        raised += [(rule.id, f"{what}-missing"), (rule.id, f"{what}-surplus")]
    return raised


def _rule(comparing: Comparing, old: Rule | None, new: Rule | None) -> None:
    """A rule that is there on one side only."""
    rule = old or new
    assert rule is not None
    shift, waived = comparing.weighed(_subject(rule.id), TIGHTER if new else LOOSER, _raised(rule), _raised(rule))
    shift |= naming(comparing, "", _names(old), _names(new))
    values, edit = one_sided(old, new, _whole), _edit(new)
    comparing.note(_subject(rule.id), "rule", edit, values, shift, waived=waived, name="every")


def _whole(item: Rule | Statement) -> Value:
    return Value(item, item.place)


def _edit(new: object) -> Edit:
    return "added" if new else "removed"


def _names(rule: Rule | None) -> list[str]:
    if rule is None or rule.event is not None:
        return []
    contents: tuple[Content, ...] = (rule.where, rule.content)
    groups = [names for content in contents for names in (*(a.names for a in content.attributes),)]
    groups += [names for content in contents for names in content.exactly_one_true]
    return [name for names in groups for name in names]


def _rule_stayed(comparing: Comparing, old: Rule, new: Rule) -> None:
    subject = _subject(new.id)
    _selection(comparing, subject, old, new)
    counted = "events" if new.event else "count"
    comparing.keyword(subject, "count", _values(old, new, "count"), raised_as=counted)
    compare_contents(comparing, subject, old.content, new.content, holder=None if new.event else "")


def _selection(comparing: Comparing, subject: Subject, old: Rule, new: Rule) -> None:
    names = [(each.span is None, frozenset((each.span or each.event).texts)) for each in (old, new)]  # type: ignore[union-attr]
    keyword = "span" if new.span else "event"
    if names[0] != names[1]:
        values = sides(old, new, lambda rule: Value(rule.span or rule.event, rule.place))
        comparing.note(subject, keyword, "changed", values, both_ways("it is judged for others"))
    if old.via != new.via:
        comparing.note(subject, "via", "changed", _values(old, new, "via"), both_ways("it is judged for others"))
    compare_where(comparing, subject, _values(old, new, "where"))


def _values(old: Rule, new: Rule, keyword: str) -> Sides:
    return sides(old, new, lambda rule: Value(getattr(rule, keyword), rule.places.get(keyword, rule.place)))


def compare_statements(comparing: Comparing) -> None:
    """Compares every statement of `across`."""
    each_by_id(
        by_id(comparing.old.plan.across),
        by_id(comparing.new.plan.across),
        gone=lambda statement: _statement(comparing, statement, None),
        come=lambda statement: _statement(comparing, None, statement),
        stayed=lambda old, new: _statement_stayed(comparing, old, new),
    )


def _what(statement: Statement) -> str:
    if statement.sampling is not None:
        return "sampling"
    return "duration" if statement.percentiles else "error_rate"


def _statement(comparing: Comparing, old: Statement | None, new: Statement | None) -> None:
    statement = old or new
    assert statement is not None
    raised = [(statement.id, finding) for finding in KEYWORDS[f"across.{_what(statement)}"].findings]
    shift, waived = comparing.weighed(_subject(statement.id), TIGHTER if new else LOOSER, raised, raised)
    values, edit = one_sided(old, new, _whole), _edit(new)
    comparing.note(_subject(statement.id), "statement", edit, values, shift, waived=waived, name="across")


def _statement_stayed(comparing: Comparing, old: Statement, new: Statement) -> None:
    subject = _subject(new.id)
    if _what(old) != _what(new):
        values = sides(old, new, _whole)
        comparing.note(subject, "statement", "changed", values, both_ways("it states something else"), name="across")
        return

    def compare(keyword: str, before: Any, after: Any) -> None:
        places = [each.places.get(keyword, each.place) for each in (old, new)]
        values = Value(before, places[0]), Value(after, places[1])
        comparing.keyword(subject, f"across.{keyword}", values, name=keyword, raised_as=f"across.{_what(new)}")

    compare("of", old.of, new.of)
    compare("samples", old.samples, new.samples)
    if old.sampling is not None:
        compare("sampling", old.sampling, new.sampling)
        compare("confidence", old.confidence, new.confidence)
    if old.error_rate is not None:
        compare("error_rate", old.error_rate, new.error_rate)
    _percentiles(comparing, subject, old, new)


def _percentiles(comparing: Comparing, subject: Subject, old: Statement, new: Statement) -> None:
    before, after = dict(old.percentiles), dict(new.percentiles)
    for percent in dict.fromkeys((*after, *before)):
        name = f"duration.p{percent:g}"
        values = sides((old, before), (new, after), lambda each: _percentile(each, percent, name))  # noqa: B023
        if percent in before and percent in after:
            comparing.keyword(subject, "across.duration", values, name=name)
        else:
            raised = [(new.id, "duration")]
            shift, waived = comparing.weighed(subject, TIGHTER if percent in after else LOOSER, raised, raised)
            edit = _edit(percent in after)
            comparing.note(subject, "across.duration", edit, values, shift, waived=waived, name=name)


def _percentile(side: tuple[Statement, dict[float, int]], percent: float, name: str) -> Value:
    statement, bounds = side
    place = statement.places.get(name, statement.place)
    return Value(bounds.get(percent), place, _bound(bounds.get(percent)))


def _bound(nanoseconds: int | None) -> str:
    return "" if nanoseconds is None else shown_ns(nanoseconds)
