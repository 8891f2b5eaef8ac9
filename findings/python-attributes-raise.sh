#!/bin/sh
# Python's SDK raises at the application for some values of attributes, where it only warns of others.
#
# Libraries: opentelemetry-sdk 1.45.1.
# Behaviour: span.set_attribute("basket", value) raises RecursionError for a list that holds itself, and whatever a list's
#   own __iter__ raises; of an object of another class it warns, and goes on.
# Why it matters: the API's methods must not raise. A request fails because of what was noted of it; nobody sees it
#   before the day on which such a value comes.
# Seen on 2026-11-29:
#   an object: nothing raised
#   a list that holds itself: RecursionError
#   a list that cannot be read: ConnectionError
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

python3 -m venv environment
environment/bin/pip install --quiet opentelemetry-sdk==1.45.1 || exit 2
cat > attributes.py <<'END'
import logging

from opentelemetry.sdk.trace import TracerProvider

logging.disable()


class Lazy(list):
    """Rows that are fetched when they are read, as those of an object-relational mapper."""

    def __iter__(self):
        raise ConnectionError("the connection is closed")


itself = []
itself.append(itself)
seen = []
for name, value in (("an object", object()), ("a list that holds itself", itself), ("a list that cannot be read", Lazy([1]))):
    span = TracerProvider().get_tracer("shop").start_span("checkout")
    try:
        span.set_attribute("basket", value)
    except Exception as error:
        seen.append(type(error).__name__)
    else:
        seen.append("nothing raised")
    span.end()
    print(f"{name}: {seen[-1]}")
raise SystemExit(seen != ["nothing raised", "RecursionError", "ConnectionError"])
END
environment/bin/python attributes.py
