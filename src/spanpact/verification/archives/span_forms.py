"""Give spans of an archive the shapes that the verdict cache gives them: one span of each form is asked for.

A form is a content with the classes of the values that are not part of it. Spans of one form have one shape.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from spanpact.sources.archive.reader import ArchiveReader
from spanpact.sources.archive.rows.columns import AttributeColumn, kind_of
from spanpact.trace.model import Span
from spanpact.verification.archives.value_classes import NotGroupable, ValueClasses
from spanpact.verification.shapes import SpanShapes
from spanpact.verification.shapes.span_shapes import NO_SHAPE

_MOST_FORMS: Final = 20_000
_MOST_CONTENTS: Final = 20_000
_NO_TEXTS: Final = "SELECT ''::VARCHAR AS value, 0::BIGINT AS id WHERE false"


class SpanForms:
    """The table `work.forms`: what SQL needs to know of each form. `relation` are the spans that are verified.

    Its columns are `content`, `class0` and so on, `facts` (NULL if spans of the form have no shape), and the compared
    values that are part of the content (`compared`). From the lowest bit on, facts are whether spans of the form are
    counted while open, whether their times are compared, the number of their resource (32 bits), and their shape.
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
        database.execute(f"CREATE TABLE work.forms (content INTEGER{kinds}, facts BIGINT, compared VARCHAR[])")
        self._number = 0
        self.has_fixed = False
        """Whether the content of some form has compared values."""

    def classify(self, where: str) -> None:
        """Make the table `work.batch` of the spans that fulfil a condition, and learn their forms.

        Raise NotGroupable where there are too many values or forms.
        """
        spans = f"(SELECT * FROM {self._relation} WHERE {where})"
        self.classes.learn(spans)
        if len(self.compared) > 1:
            self._number_texts()
        self._make_batch(spans)
        self._learn_new(where)
        if self.has_fixed:
            self._number_fixed()

    def _number_texts(self) -> None:
        """Give compared values of several columns numbers: one for each text. Make the table `work.texts`."""
        database, columns = self._reader.database, [self.columns.index(each) for each in self.compared]
        several = " UNION ".join(f"SELECT value FROM work.value{i}" for i in columns)
        database.execute(
            f"CREATE OR REPLACE TABLE work.texts AS SELECT value, row_number() OVER () AS id FROM ({several})"
        )
        for i in columns:
            database.execute(f"UPDATE work.value{i} AS v SET id = t.id FROM work.texts AS t WHERE t.value = v.value")

    def _number_fixed(self) -> None:
        """Give the compared values of contents numbers, too. Make the table `work.fixed`: their lists, by form.

        Their order is that of the form: numbers differ from batch to batch.
        """
        database = self._reader.database
        if len(self.compared) < 2:
            known = [f"SELECT value, id FROM work.value{self.columns.index(each)}" for each in self.compared]
            database.execute(f"CREATE OR REPLACE TABLE work.texts AS {''.join(known) or _NO_TEXTS}")
        place = "generate_subscripts(compared, 1) AS place"
        fixed = f"SELECT rowid AS form, unnest(compared) AS value, {place} FROM work.forms"
        database.execute(
            "INSERT INTO work.texts SELECT value, -row_number() OVER () FROM"
            f" (SELECT DISTINCT value FROM ({fixed})) WHERE value NOT IN (SELECT value FROM work.texts)"
        )
        names = ", ".join(f"forms.{each}" for each in ("content", *self.class_names))
        database.execute(
            f"CREATE OR REPLACE TABLE work.fixed AS SELECT {names}, any_value(facts) AS facts,"
            f" list(t.id ORDER BY t.place) FILTER (WHERE t.id IS NOT NULL) AS compared FROM work.forms AS forms"
            f" LEFT JOIN (SELECT form, place, id FROM ({fixed}) JOIN work.texts USING (value)) AS t"
            f" ON t.form = forms.rowid GROUP BY {names}"
        )

    def _make_batch(self, spans: str) -> None:
        classes = "".join(f", {self.classes.expression(i)} AS {name}" for i, name in enumerate(self.class_names))
        cuts = self._shapes.observed.times.duration_cuts_ns()
        bounds = " + ".join(["0", *(f"(end_ns - start_ns >= {each})::BIGINT" for each in cuts)])
        values = "".join(f", value{self.columns.index(each)}.id AS compared{i}" for i, each in enumerate(self.compared))
        self._reader.database.execute(
            "CREATE OR REPLACE TABLE work.batch AS"
            " SELECT seq, trace_hi, trace_lo, span_id, parent_id, start_ns, end_ns, content, trace_text,"
            f" extra IS NOT NULL AS is_odd, {bounds} AS duration{classes}{values}"
            f" FROM {spans} {self.classes.joins}"
        )

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
        types = ["INTEGER"] * (1 + len(self.class_names)) + ["BIGINT", "VARCHAR[]"]
        unnested = ", ".join(f"unnest(?::{type}[])" for type in types)
        columns = [list(each) for each in zip(*rows, strict=True)]
        self.has_fixed = self.has_fixed or any(row[-1] for row in rows)
        database.execute(f"INSERT INTO work.forms SELECT {unnested}", columns)

    def _facts(self, span: Span, classes: Sequence[int]) -> Sequence[Any]:
        """Return the facts of a form, and the compared values that no column holds."""
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
        if shape is None:
            return [None, []]
        flags = (shape in shapes.ordered) << 1 | (shape in shapes.concurrent)
        return [shape << 34 | summary[5] << 2 | flags, fixed]


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
