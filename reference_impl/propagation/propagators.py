"""W3C trace context and baggage, with limits: a hostile header never raises, and never reaches a log line (C6, S5.2).

The SDK's own propagators log what they refuse, even a whole oversized baggage header. These check first and drop bad
entries without a log line, because an operator could not act on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, unquote

from opentelemetry import baggage
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import (
    CarrierT,
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

BAGGAGE: Final = "baggage"
TRACESTATE: Final = "tracestate"
MAX_BAGGAGE: Final = 8192
"""The longest `baggage` header that is read or written, in characters: the W3C's limit."""
MAX_ENTRIES: Final = 64
"""The most baggage entries that are read or written: the W3C's limit."""
MAX_VALUE: Final = 256
"""The longest decoded value of one entry, in characters."""
MAX_TRACESTATE: Final = 512
"""The longest `tracestate` header that is passed on, in characters: the minimum that the W3C requires."""

_KEY = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_VALUE = re.compile(r"[\x20-\x7e]*")
_KEPT: Final = "!#$&'()*+-./:<=>?@[]^_`{|}~"  # baggage-octets that need no percent-encoding
# Narrower than the W3C's: the state is on every exported span, so it must not fit an e-mail address or a JWT.
_STATE_KEY = r"[a-z0-9][a-z0-9_*/-]{0,240}(?:@[a-z][a-z0-9_*/-]{0,13})?"
_STATE = re.compile(rf"({_STATE_KEY})=(?!.*eyJ)[A-Za-z0-9_.:;/+~-]{{1,256}}")


class BoundedBaggage(TextMapPropagator):
    """W3C baggage of at most MAX_ENTRIES entries whose values are printable ASCII; properties are not kept.

    A header that is too long is ignored; an entry that is malformed or too long is skipped.
    """

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        """Return the context plus the entries of the header, at most MAX_ENTRIES."""
        context = Context() if context is None else context
        for name, value in _entries(",".join(getter.get(carrier, BAGGAGE) or ())):
            context = baggage.set_baggage(name, value, context)
        return context

    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        """Write the entries that fit; no header if there are none."""
        header = _joined(f"{name}={quote(str(value), safe=_KEPT)}" for name, value in _valid_entries(context))
        if header:
            setter.set(carrier, BAGGAGE, header)

    @property
    def fields(self) -> set[str]:
        """Return the names of the headers that are written."""
        return {BAGGAGE}


class BoundedTraceContext(TraceContextTextMapPropagator):
    """W3C trace context; a `tracestate` that is too long or malformed is dropped, and the trace goes on without it."""

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        """Return the context plus the remote parent, if there is exactly one `traceparent` and it is valid."""
        fields = {name: getter.get(carrier, name) or [] for name in ("traceparent", TRACESTATE)}
        context = Context() if context is None else context
        if len(fields["traceparent"]) != 1:
            return context
        kept = {"traceparent": fields["traceparent"]}
        if is_valid_state(",".join(fields[TRACESTATE])):
            kept[TRACESTATE] = fields[TRACESTATE]
        return super().extract(kept, context)


def is_valid_state(header: str) -> bool:
    """Return whether a `tracestate` may be passed on: at most 32 members of safe characters, none twice."""
    if not header or len(header) > MAX_TRACESTATE:
        return False
    members = [_STATE.fullmatch(member.strip(" \t")) for member in header.split(",")]
    keys = [member[1] for member in members if member]
    return len(keys) == len(members) == len(set(keys)) <= 32


def _entries(header: str) -> Iterable[tuple[str, str]]:
    if len(header) > MAX_BAGGAGE:
        return
    for member in header.split(",")[:MAX_ENTRIES]:
        name, _, value = (part.strip(" \t") for part in member.partition(";")[0].partition("="))
        if _is_valid(name, decoded := unquote(value)):
            yield name, decoded


def _valid_entries(context: Context | None) -> Iterable[tuple[str, object]]:
    every = baggage.get_all(context).items()
    return [(name, value) for name, value in every if _is_valid(name, str(value))][:MAX_ENTRIES]


def _is_valid(name: str, value: str) -> bool:
    return bool(_KEY.fullmatch(name)) and len(value) <= MAX_VALUE and bool(_VALUE.fullmatch(value))


def _joined(members: Iterable[str]) -> str:
    """Return as many members as fit, separated by commas."""
    header = ""
    for member in members:
        longer = f"{header},{member}" if header else member
        if len(longer) > MAX_BAGGAGE:
            break
        header = longer
    return header
