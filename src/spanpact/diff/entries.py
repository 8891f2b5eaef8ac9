"""Compare the trees of entries: their places, what they select, counts, contents and relations."""

from __future__ import annotations

from dataclasses import replace

from spanpact.contract.compiled import Count, Entry, Reference
from spanpact.diff.changes import NEITHER, Shift, both_ways
from spanpact.diff.comparison import NOTHING, Comparison, Sides, Subject, Value, added_or_removed, compare_by_id, sides
from spanpact.diff.contents import compare_contents
from spanpact.diff.contract_version import ContractVersion, PlacedEntry
from spanpact.diff.raised_findings import findings_of_entry
from spanpact.diff.renames import canonical_text


def compare_entries(comparison: Comparison) -> None:
    """Compare every entry by its id, wherever it is in the tree."""
    add_or_remove = added_or_removed(_add_entry, _remove_entry)
    compare_by_id(comparison, comparison.old.entries, comparison.new.entries, _compare_entry, add_or_remove)


def _subject(placed: PlacedEntry) -> Subject:
    return Subject(placed.entry.id, placed.path, placed.path)


def _add_entry(comparison: Comparison, placed: PlacedEntry) -> None:
    if placed.parent in comparison.old.entries:  # else the change of the entry above covers it
        shift, waived = _shift_by_adding(comparison.old, comparison.new, comparison, placed)
        values = NOTHING, Value(placed.entry, placed.entry.place)
        comparison.add(_subject(placed), "entry", "added", values, shift, waived=waived, name=placed.group)


def _remove_entry(comparison: Comparison, placed: PlacedEntry) -> None:
    if placed.parent in comparison.new.entries:
        shift, _ = _shift_by_adding(comparison.new, comparison.old, comparison, placed)
        values = Value(placed.entry, placed.entry.place), NOTHING
        comparison.add(_subject(placed), "entry", "removed", values, shift.reversed, name=placed.group)


def _shift_by_adding(
    without: ContractVersion, having: ContractVersion, comparison: Comparison, placed: PlacedEntry
) -> tuple[Shift, bool]:
    """Return the shift from one more entry, and whether it is pending or below violation.

    The entry admits spans in a closed place, or spans that a neighbour had too many of. It may also take spans from a
    neighbour, even while it is pending itself.
    """
    id, parent = placed.entry.id, placed.parent
    rival = having.has_rival(id)
    closed = without.is_closed(parent, "children")
    if (comparison.old.lenient or comparison.new.lenient) and (rival or having.is_contested(parent)):
        return both_ways("a neighbour may select the same spans"), False
    waived = having.waives(placed.path, findings_of_entry(placed.entry))
    why = "its place is closed" if closed else "a neighbour may select the same spans" if rival else ""
    return Shift(not waived, closed or rival, why), waived


def _compare_entry(comparison: Comparison, old: PlacedEntry, new: PlacedEntry) -> None:
    subject, one, other = _subject(new), old.entry, new.entry
    if (old.parent, old.group) != (new.parent, new.group):
        places = sides(old, new, lambda each: Value(f"{each.group} of {each.parent}", each.entry.place))
        comparison.add(subject, "entry", "moved", places, both_ways("it is in another place"), name=new.group)
    _selection(comparison, subject, one, other)
    _count(comparison, subject, one, other)
    compare_contents(comparison, subject, one.content, other.content, holder=other.id)
    comparison.compare(subject, "closed", _values(one, other, "closed"))
    relations = Subject(subject.id, subject.path, subject.pending_ids, steers=False)
    comparison.compare(relations, "order", _values(one, other, "order"), affects=_ranking(comparison, one, other))
    comparison.compare(relations, "concurrency", _values(one, other, "concurrency"))


def _ranking(comparison: Comparison, old: Entry, new: Entry) -> Shift:
    """Return both ways if `order` ranks entries that compete for spans: of equally good assignments it decides one."""
    versions = ((comparison.old, old), (comparison.new, new))
    contested = any(version.has_rival(id) for version, entry in versions for id in entry.order if id in version.entries)
    return both_ways("it decides which of these entries gets the earlier span") if contested else NEITHER


def _values(old: Entry, new: Entry, keyword: str) -> Sides:
    return sides(old, new, lambda entry: Value(getattr(entry, keyword), entry.places.get(keyword, entry.place)))


def _selection(comparison: Comparison, subject: Subject, one: Entry, other: Entry) -> None:
    """Compare `span` and `where`. Pending waives nothing here: other expectations depend on what is selected."""
    before, after = (frozenset(entry.span.texts) if entry.span else frozenset() for entry in (one, other))
    if before != after:
        comparison.add(subject, "span", "changed", _values(one, other, "span"), both_ways("other spans are selected"))
    compare_where(comparison, subject, _values(one, other, "where"))


def compare_where(comparison: Comparison, subject: Subject, values: Sides) -> None:
    """Compare two `where` as a whole."""
    if canonical_text(values[0].value) != canonical_text(values[1].value):
        comparison.add(subject, "where", "changed", values, both_ways("other spans are selected"))


def _count(comparison: Comparison, subject: Subject, one: Entry, other: Entry) -> None:
    """Compare `count`. If a wrong count is waived, the new one changes what `order` and conditions are about."""
    raised = [(one.id, "span-missing"), (one.id, "span-surplus")]
    versions = (comparison.old, comparison.new)
    waived = any(version.waives(subject.ids, [each]) for version in versions for each in raised)
    values = sides(one, other, lambda entry: Value(_demanded(entry), entry.places.get("count", entry.place)))
    if _demanded(one) != _demanded(other) and waived:
        why = both_ways("a wrong count has no effect, and other spans are counted")
        comparison.add(subject, "count", "changed", values, why)
    else:
        compared = replace(subject, steers=one.same_count is None or other.same_count is None)
        comparison.compare(compared, "count", values)


def _demanded(entry: Entry) -> Count | Reference:
    """Return the range of the entry's count, or what it is the same as."""
    return replace(entry.same_count, names=()) if entry.same_count else entry.count
