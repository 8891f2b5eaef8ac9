"""Compare the rules of `every`: what they select, and what they expect of it."""

from __future__ import annotations

from spanpact.contract.aggregates import JOINED, Aggregate
from spanpact.contract.compiled import Rule
from spanpact.diff.changes import LOOSER, NEITHER, TIGHTER, both_ways
from spanpact.diff.comparison import (
    Comparison,
    Sides,
    Subject,
    Value,
    by_id,
    compare_by_id,
    edit_of,
    optional_sides,
    pairs_by_id,
    sides,
)
from spanpact.diff.contents import compare_contents, shift_by_naming
from spanpact.diff.entries import compare_where
from spanpact.diff.raised_findings import findings_of_rule


def compare_rules(comparison: Comparison) -> None:
    """Compare every rule of `every` by its id."""
    olds, news = by_id(comparison.old.plan.rules), by_id(comparison.new.plan.rules)
    compare_by_id(comparison, olds, news, _compare_rule, _add_or_remove)


def _subject(id: str) -> Subject:
    return Subject(id, (id,), steers=False)


def _add_or_remove(comparison: Comparison, old: Rule | None, new: Rule | None) -> None:
    """Add the change of a rule that is in one version only."""
    rule = old or new
    assert rule is not None
    raised = list(findings_of_rule(rule))
    shift, waived = comparison.waive(_subject(rule.id), TIGHTER if new else LOOSER, raised, raised)
    shift |= shift_by_naming(comparison, "", _names(old), _names(new))
    values = optional_sides(old, new, lambda each: Value(each, each.place))
    comparison.add(_subject(rule.id), "rule", edit_of(new), values, shift, waived=waived, name="every")


def _names(rule: Rule | None) -> list[str]:
    """Return the attributes that a rule about spans names on them."""
    if rule is None or rule.event is not None:
        return []
    contents = (rule.where, rule.content)
    groups = [each.names for content in contents for each in content.attributes]
    groups += [names for content in contents for names in content.exactly_one_true]
    groups += [names for aggregate in rule.aggregates for names in aggregate.names]
    return [name for names in groups for name in names]


def _compare_rule(comparison: Comparison, old: Rule, new: Rule) -> None:
    subject = _subject(new.id)
    _selection(comparison, subject, old, new)
    counted = "events" if new.event else "count"
    comparison.compare(subject, "count", _values(old, new, "count"), raised_as=counted)
    comparison.compare(subject, "parents", _values(old, new, "parents"))
    _aggregates(comparison, subject, old, new)
    compare_contents(comparison, subject, old.content, new.content, holder=None if new.event else "")


def _aggregates(comparison: Comparison, subject: Subject, old: Rule, new: Rule) -> None:
    olds, news = ({_attributes_of(each): each for each in rule.aggregates} for rule in (old, new))
    for before, after in pairs_by_id(olds, news):
        values = optional_sides(before, after, lambda each: Value(each.within, each.place))
        one = after or before
        assert one is not None
        named = NEITHER
        if before is None or after is None:
            named = shift_by_naming(comparison, "", *([*each.all_names] if each else [] for each in (before, after)))
        comparison.compare(subject, one.keyword, values, name=one.path, naming=named)


def _attributes_of(aggregate: Aggregate) -> str:
    """Return the keyword with the attributes in a fixed order: theirs has no meaning."""
    return f"{aggregate.keyword}.{JOINED.join(sorted(names[0] for names in aggregate.names))}"


def _selection(comparison: Comparison, subject: Subject, old: Rule, new: Rule) -> None:
    names = [(each.span is None, frozenset((each.span or each.event).texts)) for each in (old, new)]  # type: ignore[union-attr]
    keyword = "span" if new.span else "event"
    if names[0] != names[1]:
        values = sides(old, new, lambda rule: Value(rule.span or rule.event, rule.place))
        comparison.add(subject, keyword, "changed", values, both_ways("it is checked for others"))
    if old.via != new.via:
        comparison.add(subject, "via", "changed", _values(old, new, "via"), both_ways("it is checked for others"))
    counted = any(new.id == each.of for version in (comparison.old, comparison.new) for each in version.plan.across)
    affects = both_ways("a statement of `across` counts other spans") if counted else NEITHER
    comparison.compare(subject, "except_spans", _values(old, new, "except_spans"), affects=affects)
    if old.severities != new.severities:
        values = sides(old, new, lambda rule: Value(rule.severities, rule.places.get("severity", rule.place)))
        comparison.add(subject, "severity", "changed", values, both_ways("it is checked for others"))
    compare_where(comparison, subject, _values(old, new, "where"))


def _values(old: Rule, new: Rule, keyword: str) -> Sides:
    return sides(old, new, lambda rule: Value(getattr(rule, keyword), rule.places.get(keyword, rule.place)))
