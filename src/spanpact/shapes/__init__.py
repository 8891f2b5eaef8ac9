"""The shape of a trace: all of it that contracts can tell apart. Traces of one shape are judged alike (ADR 0011)."""

from spanpact.shapes.aspects import Aspects
from spanpact.shapes.forms import Facts, Forms
from spanpact.shapes.shape import Shape, shape_of

__all__ = ["Aspects", "Facts", "Forms", "Shape", "shape_of"]
