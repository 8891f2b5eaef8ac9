"""Put the values of attribute columns into classes: values of one class have the same test results.

SQL decides where it can be sure: whether a text is clean of all privacy classes (RE2), and between which bounds a
double is. Of all other values Python gets the distinct ones, and SQL gets a table of value and class.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from spanpact.errors import SourceError
from spanpact.sources.archive.database import ArchiveDatabase, identifier, quoted
from spanpact.sources.archive.rows.columns import AttributeColumn
from spanpact.sources.archive.rows.values import value_of
from spanpact.trace.model import Value
from spanpact.verification.shapes import SpanShapes
from spanpact.verification.shapes.span_shapes import SMALL, Unshapeable

_MOST_VALUES: Final = 200_000
_ABSENT, _NONE, _CLEAN = -1, -2, -3
_PLAIN: Final = r"[ -\[\]-~]*"  # ASCII that can be printed, without the backslash, as the screen of texts demands
_ANY_TEXT: Final = "x"
_ABOVE: Final = 1 << 20  # the classes of looked up values


class NotGroupable(Exception):
    """Raised where traces cannot be grouped, or where it would not pay. Never leaves this package."""


class ValueClasses:
    """The classes of the values of some columns, in the tables of one archive.

    For each batch, `work.value0` and so on have the distinct values of a column, a number for each, and its class. A
    column of doubles between bounds has those alone that are not.
    """

    def __init__(self, database: ArchiveDatabase, columns: Sequence[AttributeColumn], shapes: SpanShapes) -> None:
        self.columns = columns
        self._database, self._shapes = database, shapes
        self._sure = list(map(self._branches, columns))
        self._is_inline = [each.kind == "double" and bool(sure) for each, sure in zip(columns, self._sure, strict=True)]
        self._is_joined = [True] * len(columns)
        self._known: dict[tuple[int, Any], int] = {}

    def _branches(self, column: AttributeColumn) -> str:
        """Return the branches of a CASE for values whose class SQL knows; `value` stands for the value."""
        observed = self._shapes.observed
        if column.kind == "double" and column.attribute not in observed.exact:
            bounds = map(float, observed.bounds(column.attribute))
            steps = [f"({{value}} >= {each!r})::INTEGER + ({{value}} > {each!r})::INTEGER" for each in bounds]
            return f"WHEN isfinite({{value}}) AND abs({{value}}) < {SMALL!r} THEN {' + '.join(['0', *steps])}"
        alike = observed.alike
        if column.kind != "text" or not alike.covers(column.attribute) or not alike.is_clean(_ANY_TEXT.encode()):
            return ""
        patterns = quoted("|".join(f"(?:{each})" for each in alike.screen.patterns))
        try:
            self._database.rows(f"SELECT regexp_matches('', {patterns})")
        except SourceError:  # a pattern that this RE2 does not know
            return ""
        fits = f" AND NOT regexp_matches({{value}}, {patterns})" if alike.screen.patterns else ""
        plain = f"regexp_full_match({{value}}, {quoted(_PLAIN)})"
        found = f"WHEN strlen({{value}}) <= {alike.longest} AND {plain}{fits} THEN {_CLEAN}"
        return found.replace("{", "{{").replace("}", "}}").replace("{{value}}", "{value}")

    def expression(self, number: int) -> str:
        """Return the class of a value of a column in SQL; `joins` must follow the FROM of the statement."""
        name = identifier(self.columns[number].column)
        sure = self._sure[number].format(value=name) if self._is_inline[number] else ""
        looked_up = f"coalesce(value{number}.class, {_NONE})" if self._is_joined[number] else str(_NONE)
        return f"CASE WHEN {name} IS NULL THEN {_ABSENT} {sure} ELSE {looked_up} END"

    @property
    def joins(self) -> str:
        """Return the joins of SQL with the tables of values."""
        return " ".join(
            f"LEFT JOIN work.value{i} AS value{i} ON {identifier(column.column)} = value{i}.value"
            for i, column in enumerate(self.columns)
            if self._is_joined[i]
        )

    def learn(self, table: str) -> None:
        """Put the values of a table into classes. Raise NotGroupable if too many are for Python to look at."""
        for i, column in enumerate(self.columns):
            name = identifier(column.column)
            branches = self._sure[i].format(value="value")
            sure = f"CASE {branches} END" if branches else "NULL"
            within = f" AND ({sure}) IS NULL" if self._is_inline[i] else ""
            self._database.execute(
                f"CREATE OR REPLACE TABLE work.value{i} AS"
                f" SELECT value, row_number() OVER () AS id, ({sure})::INTEGER AS class"
                f" FROM (SELECT DISTINCT {name} AS value FROM {table}) WHERE value IS NOT NULL{within}"
            )
            rows = self._database.rows(f"SELECT id, value FROM work.value{i} WHERE class IS NULL")
            if len(self._known) + len(rows) > _MOST_VALUES:
                raise NotGroupable
            self._is_joined[i] = not self._is_inline[i] or bool(rows)
            if rows:
                self._update(i, [(id, self._class(i, value)) for id, value in rows])

    def _update(self, number: int, rows: Sequence[tuple[int, int]]) -> None:
        ids, classes = zip(*rows, strict=True)
        statement = (
            f"UPDATE work.value{number} AS v SET class = new.class FROM"
            " (SELECT unnest(?::BIGINT[]) AS id, unnest(?::INTEGER[]) AS class) AS new WHERE v.id = new.id"
        )
        self._database.execute(statement, [list(ids), list(classes)])

    def _class(self, number: int, stored: Any) -> int:
        """Return the class of one value; one class for all that have no shape, which every span shows by itself."""
        key = number, repr(stored)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._new_class(number, stored)
        return known

    def _new_class(self, number: int, stored: Any) -> int:
        column = self.columns[number]
        value: Value = value_of(json.loads(stored)) if column.kind == "json" else stored
        try:
            found = self._shapes.attribute(column.attribute, value)
            if column.kind == "text" and self._sure[number]:
                is_clean = found == self._shapes.attribute(column.attribute, _ANY_TEXT)
                return _CLEAN if is_clean else _ABOVE + found
        except (Unshapeable, RecursionError):
            return _NONE
        return _ABOVE + found
