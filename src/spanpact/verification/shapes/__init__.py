"""The shape of a trace: all of it that contracts can tell apart. Traces of one shape are judged alike (ADR 0011)."""

from spanpact.verification.shapes.observed_facts import Aspects
from spanpact.verification.shapes.span_shapes import Facts, Forms
from spanpact.verification.shapes.trace_shapes import Shape, shape_of

__all__ = ["Aspects", "Facts", "Forms", "Shape", "shape_of"]
