"""Errors of Spark as errors of spanpact, in one line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from spanpact.errors import SourceError, SpanpactError

_RAISED: Final = re.compile(r"spanpact\.errors\.SourceError: (.*)")
_LONGEST: Final = 400


@contextmanager
def failures(name: str) -> Iterator[None]:
    """Raise what Spark, and what spanpact in one of its tasks, raises within the block as SourceError."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        yield
    except SpanpactError:
        raise
    except (PySparkException, Py4JJavaError) as error:
        raise SourceError(f"{name}: {_first_cause(str(error))}") from None


def _first_cause(text: str) -> str:
    """Return what a task of spanpact has raised, else the last cause that Java names, else the first line."""
    if raised := _RAISED.search(text):
        return raised[1][:_LONGEST]
    causes = [line.strip() for line in text.splitlines() if line.strip().startswith("Caused by: ")]
    first = next((line.strip() for line in text.splitlines() if line.strip()), "Spark has failed")
    cause = causes[-1].removeprefix("Caused by: ") if causes else ""
    return f"Spark could not read it: {cause or first}"[:_LONGEST]
