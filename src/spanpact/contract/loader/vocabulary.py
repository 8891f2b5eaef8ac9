"""The vocabulary of the contract language (docs/contract-format.md): the keywords allowed in each place."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

CONTENT: Final = (
    "name", "kind", "status", "status_message", "attributes", "resource", "scope", "exactly_one_true", "parent",
    "events", "links", "duration", "limits", "forbid", "except",
)  # fmt: skip
ENTRY: Final = (
    "span", "where", "count", *CONTENT, "children", "descendants", "closed", "order", "conditions", "concurrency",
)  # fmt: skip
BODY: Final = tuple(word for word in ENTRY if word not in ("count", "concurrency"))
SHARED: Final = ("aliases", "classes", "clock", "levels", "every")  # allowed in a fragment too
HEADER: Final = ("spanpact", "contract", "version", "about", "extends", "scenario", "pending", "across", "examples")
FILE: Final = (*HEADER, *SHARED, *BODY)
FRAGMENT: Final = ("spanpact", "fragment", *SHARED)
BODY_WITHOUT_SPAN: Final = ("children", "descendants", "closed", "order", "conditions")

MATCHER: Final = ("equals", "one_of", "type", "at_least", "at_most", "matches", "contains", "same_as", "optional")
CLOSED_MATCHER: Final = ("equals", "one_of", "matches")  # of `kind` and `status`, which every span has
TYPES: Final = ("string", "boolean", "int", "double", "number", "bytes", "array", "map")
PRESENCE: Final = ("present", "absent")
KINDS: Final = ("unspecified", "internal", "server", "client", "producer", "consumer")
STATUSES: Final = ("unset", "ok", "error")
PARENTS: Final = ("none", "local", "remote")
VIAS: Final = ("span", "log", "either")
CLOSABLE: Final = ("children", "attributes", "events", "links")

EVENT: Final = ("event", "via", "where", "severity", "count", "attributes")
EVENT_SELECTION: Final = ("attributes",)
SEVERITY: Final = ("equals", "one_of", "at_least", "at_most")
SEVERITIES: Final = ("trace", "debug", "info", "warn", "error", "fatal")
LINK: Final = ("span", "count", "attributes")
AGGREGATES: Final = ("sum", "distinct", "repeats")
SUM: Final = ("equals", "at_least", "at_most")
SAME_COUNT: Final = ("same_as",)
SPAN_RULE: Final = ("span", "except_spans", "where", "count", "parents", *AGGREGATES, *CONTENT)
EVENT_RULE: Final = ("event", "via", "where", "severity", "count", "attributes", "limits", "forbid", "except")
EVENT_WHERE: Final = ("attributes", "forbid", "except")
CONDITION: Final = ("when", "then", "order")
SIDE: Final = ("count", *CONTENT)
DURATION: Final = ("at_least", "at_most")
LIMITS: Final = ("attributes", "length")
CLOCK: Final = ("tolerance", "skew", "resolution")
PENDING: Final = ("reason", "owner", "until")
STATEMENT: Final = ("sampling", "confidence", "duration", "error_rate", "distinct_names", "of", "samples")

EXAMPLE: Final = ("trace", "traces", "like", "but", "file", "findings", "offered", "logs")
EXAMPLE_TRACE: Final = ("trace", "repeat")
CONCRETE: Final = (
    "kind", "status", "status_message", "attributes", "resource", "scope", "parent", "events", "links", "logs",
    "takes", "flags", "trace_state", "schema_url", "dropped",
)  # fmt: skip
"""The fields of an example's span that are allowed in `given` too: those that do not identify one span."""
EXAMPLE_SPAN: Final = (
    "span", *CONCRETE, "children", "at", "repeat", "id", "trace_id", "span_id", "parent_id", "start", "end",
)  # fmt: skip
EXAMPLE_EVENT: Final = ("event", "at", "attributes")
EXAMPLE_LOG: Final = (*EXAMPLE_EVENT, "body", "severity")
SPANLESS_LOG: Final = (*EXAMPLE_LOG, "resource", "scope", "trace_id", "span_id")
EXAMPLE_LINK: Final = ("to", "attributes")
EXAMPLE_TARGET: Final = ("trace_id", "span_id")
EXAMPLE_SCOPE: Final = ("name", "version", "attributes")
EXAMPLE_DROPPED: Final = ("attributes", "events", "links", "resource", "scope")
EXAMPLE_VALUE: Final = ("bytes", "map", "equals", "repeated")


EVERY_KEYWORD: Final = frozenset(
    (
        *FILE, *FRAGMENT, *ENTRY, *MATCHER, *EVENT, *LINK, *SPAN_RULE, *EVENT_RULE, *CONDITION, *CLOCK, *PENDING,
        *STATEMENT, *EXAMPLE, *EXAMPLE_TRACE, *EXAMPLE_SPAN, *EXAMPLE_LOG, *EXAMPLE_LINK, *EXAMPLE_SCOPE,
        *EXAMPLE_VALUE,
    )
)  # fmt: skip
_MOST_SHOWN: Final = 40
_MEANT: Final = {
    "none": ("root", "null", "nil", "no", "nothing", "absent", "missing", "empty", "undefined", "false", "orphan"),
    "local": ("internal", "inner", "in_process", "in-process", "inprocess", "same", "same_process", "true"),
    "remote": ("external", "outer", "outside", "foreign", "other", "upstream", "caller", "propagated", "server"),
    "ok": ("success", "successful", "okay", "passed", "good", "200"),
    "error": ("failure", "failed", "fail", "exception", "500"),
    "unset": ("unspecified", "default", "null", "none", "absent"),
    "string": ("text", "str", "varchar"),
    "boolean": ("bool", "flag"),
    "int": ("integer", "long", "int64", "whole"),
    "double": ("float", "decimal", "real", "float64"),
    "array": ("list", "sequence", "tuple"),
    "map": ("object", "dict", "mapping", "kvlist", "struct"),
    "violation": ("error", "fatal", "critical", "fail", "breaking"),
    "improvement": ("warning", "warn", "advice"),
    "information": ("info", "hint", "note", "notice", "debug"),
    "off": ("none", "ignore", "disabled", "disable", "false", "no", "never", "null"),
}  # fmt: skip
"""What other words for an accepted word mean: their letters would suggest another one (`root` looks like `remote`)."""


def suggest(word: str, accepted: Collection[str]) -> str:
    """Return a hint for an unknown word: `did you mean …? accepted: …`.

    It has the most similar accepted word, if one is similar, and all accepted words, unless there are many.
    """
    from difflib import get_close_matches

    similar = get_close_matches(word, accepted, n=1, cutoff=0.6)
    sentences = [f"did you mean `{similar[0]}`?"] if similar else []
    if accepted and (len(accepted) <= _MOST_SHOWN or not similar):
        sentences.append(f"accepted: {', '.join(accepted)}")
    return " ".join(sentences)


def suggest_word(word: str, accepted: Collection[str]) -> str:
    """Return a hint for a word that is not accepted: the accepted word of the same meaning, if one is known."""
    meant = next((each for each in accepted if word.lower() in _MEANT.get(each, ())), "")
    if not meant:
        return suggest(word, accepted)
    return f"did you mean `{meant}`? accepted: {', '.join(accepted)}"
