"""Give spans of an archive the shapes that the verdict cache gives them: one span of each form is asked for.

A form is a content with the classes of the values that are not part of it. Spans of one form have one shape.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from spanpact.sources.archive.database import identifier
from spanpact.sources.archive.reader import ArchiveReader
from spanpact.sources.archive.rows.columns import AttributeColumn, kind_of
from spanpact.trace.model import Span
from spanpact.verification.archives.value_classes import NotGroupable, ValueClasses
from spanpact.verification.shapes import SpanShapes
from spanpact.verification.shapes.span_shapes import NO_SHAPE

_MOST_FORMS: Final = 20_000
_MOST_CONTENTS: Final = 20_000


class SpanForms:
    """The table `work.forms`: what SQL needs to know of each form. `relation` are the spans that are verified.

    Its columns are `content`, `class0` and so on, `shape` (NULL for none), `resource`, whether times of its spans are
    compared (`ordered`, `concurrent`), and the compared values that are part of the content (`compared`).
    """

    def __init__(self, reader: ArchiveReader, relation: str, shapes: SpanShapes) -> None:
        self._reader, self._relation, self._shapes = reader, relation, shapes
        database = reader.database
        self.columns = _columns_that_vary(reader, shapes)
        self.compared = [
            each for each in self.columns if each.kind == "text" and each.attribute in shapes.observed.compared
        ]
        """The columns whose values are compared with others of the trace; those that are not texts never are."""
        self.classes = ValueClasses(database, self.columns, shapes)
        self.class_names = [f"class{i}" for i in range(len(self.columns))]
        kinds = "".join(f", {name} INTEGER" for name in self.class_names)
        database.execute(
            f"CREATE TABLE work.forms (content INTEGER{kinds}, shape INTEGER, resource INTEGER, ordered BOOLEAN,"
            " concurrent BOOLEAN, compared VARCHAR[])"
        )
        self._number = 0
        self._with_texts = len(self.compared) > 1
        """Whether compared values are texts: numbers of the values of two columns are not comparable."""

    def classify(self, where: str) -> None:
        """Make the table `work.batch` of the spans that fulfil a condition, and learn their forms.

        Raise NotGroupable where there are too many values or forms.
        """
        database = self._reader.database
        raw = "".join(f", {identifier(each.column)}" for each in self.columns)
        base = "seq, trace_hi, trace_lo, span_id, parent_id, start_ns, end_ns, content, trace_text, extra"
        database.execute(f"CREATE OR REPLACE TABLE work.raw AS SELECT {base}{raw} FROM {self._relation} WHERE {where}")
        self.classes.learn("work.raw")
        self._make_batch()
        self._learn_new(where)
        database.execute("DROP TABLE work.raw")

    def _make_batch(self) -> None:
        classes = "".join(f", {self.classes.expression(i)} AS {name}" for i, name in enumerate(self.class_names))
        cuts = self._shapes.observed.times.duration_cuts_ns()
        bounds = " + ".join(["0", *(f"(end_ns - start_ns >= {each})::INTEGER" for each in cuts)])
        values = "".join(f", {self._value_of(each)} AS compared{i}" for i, each in enumerate(self.compared))
        self._reader.database.execute(
            "CREATE OR REPLACE TABLE work.batch AS"
            " SELECT seq, trace_hi, trace_lo, span_id, parent_id, start_ns, end_ns, content, trace_text,"
            f" extra IS NOT NULL AS is_odd, {bounds} AS duration{classes}{values}"
            f" FROM work.raw {self.classes.joins}"
        )

    def _value_of(self, column: AttributeColumn) -> str:
        """Return a compared value: its text, or where one column has all of them the number of its text."""
        return identifier(column.column) if self._with_texts else f"value{self.columns.index(column)}.id"

    @property
    def compared_values(self) -> Sequence[str]:
        """Return the compared values of a span in SQL: columns of `work.batch`, and a list in `work.forms`."""
        columns = [f"compared{i}" for i in range(len(self.compared))]
        return [*columns, "compared"] if self._with_texts else columns

    def _learn_new(self, where: str) -> None:
        database = self._reader.database
        names = ", ".join(("content", *self.class_names))
        found = database.rows(
            f"SELECT min(seq), {names} FROM work.batch WHERE NOT is_odd GROUP BY {names}"
            f" HAVING ({names}) NOT IN (SELECT ({names}) FROM work.forms) LIMIT {_MOST_FORMS + 1}"
        )
        self._number += len(found)
        if self._number > _MOST_FORMS:
            raise NotGroupable
        if found:
            self._learn({row[0]: row[1:] for row in found}, where)

    def _learn(self, forms: dict[int, Sequence[int]], where: str) -> None:
        database, reader = self._reader.database, self._reader
        listed = ", ".join(map(str, sorted(forms)))
        spans = reader.spans_where(self._relation, f"({where}) AND seq IN ({listed})")
        rows = [[*forms[seq], *self._facts(span, forms[seq][1:])] for seq, span in spans]
        types = ["INTEGER"] * (3 + len(self.class_names)) + ["BOOLEAN", "BOOLEAN", "VARCHAR[]"]
        unnested = ", ".join(f"unnest(?::{type}[])" for type in types)
        columns = [list(each) for each in zip(*rows, strict=True)]
        has_fixed = any(row[-1] for row in rows)
        database.execute(f"INSERT INTO work.forms SELECT {unnested}", columns)
        if has_fixed and not self._with_texts:
            self._with_texts = True
            self._make_batch()

    def _facts(self, span: Span, classes: Sequence[int]) -> Sequence[Any]:
        """Return shape, resource, whether times are compared, and the compared values that no column holds."""
        shapes = self._shapes
        summary = shapes.summary(span)
        shape: int | None = summary[4]
        is_coarse = shapes.resolutions_of([summary[5]]) is not None if shape != NO_SHAPE else False
        if shape == NO_SHAPE or is_coarse or not all(isinstance(each, str) for each in summary[6]):
            shape = None
        in_columns = {
            each.attribute
            for each, of_class in zip(self.columns, classes, strict=True)
            if each in self.compared and of_class != -1
        }
        compared = shapes.observed.compared
        fixed = [value for name, value in span.attributes.items() if name in compared and name not in in_columns]
        if shape is not None and any(kind_of(value) != "text" for value in fixed):
            shape = None
        texts = fixed if shape is not None else []
        return [shape, summary[5], summary[4] in shapes.ordered, summary[4] in shapes.concurrent, texts]


def _columns_that_vary(reader: ArchiveReader, shapes: SpanShapes) -> list[AttributeColumn]:
    """Return the columns whose values are not part of contents, and those of attributes that are compared."""
    database = reader.database
    texts = database.rows(f"SELECT span FROM {database.relation('contents')} LIMIT {_MOST_CONTENTS + 1}")
    if len(texts) > _MOST_CONTENTS:
        raise NotGroupable
    varying = {tuple(each) for (text,) in texts for each in json.loads(text)["attributes"] if len(each) == 2}
    compared = shapes.observed.compared
    return [
        each
        for each in database.columns
        if (each.attribute, each.kind) in varying or (each.kind == "text" and each.attribute in compared)
    ]
