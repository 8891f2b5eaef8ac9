"""What telemetry shows of an exception: its type and known Redis error codes, never its message.

A message may quote a key, a value or a script. So may the first word of a Redis error, because Lua scripts invent
their own: only words of a closed set are shown. Source: docs/specification.md S2.2 and S2.3.
"""

from __future__ import annotations

from typing import Final

from opentelemetry.trace import Span, StatusCode

from reference_impl.vocabulary import EXCEPTION, EXCEPTION_TYPE

_CODES: Final = """
    ASK BUSY BUSYGROUP BUSYKEY CLUSTERDOWN CROSSSLOT DENIED ERR EXECABORT INPROG IOERR LOADING MASTERDOWN MISCONF MOVED
    NOAUTH NOGOODSLAVE NOGROUP NOMASTERLINK NOPERM NOPROTO NOREPLICAS NOSCRIPT NOTBUSY NOTREADY OOM READONLY TRYAGAIN
    UNBLOCKED UNKILLABLE UNSTABLE WRONGPASS WRONGTYPE"""
REDIS_CODES: Final = frozenset(_CODES.split())
"""The first words of a Redis server's own errors."""

_IN_PIPELINE: Final = " caused error: "  # redis-py writes the command in front of the message, and this between them
_LONGEST_NAME: Final = 80


def type_name(error: BaseException) -> str:
    """Return the name of the exception's class without its module; `Exception` for a name that is no identifier."""
    name = type(error).__name__
    return name if name.isidentifier() and len(name) <= _LONGEST_NAME else "Exception"


def exception_type(error: BaseException) -> str:
    """Return the value of `exception.type`: the class with its module; built-in classes without a module."""
    module = type(error).__module__
    if module == "builtins" or len(module) > _LONGEST_NAME or not all(map(str.isidentifier, module.split("."))):
        return type_name(error)
    return f"{module}.{type_name(error)}"


def redis_code(error: BaseException) -> str | None:
    """Return the error code of the Redis server's answer (`WRONGTYPE`); None without one, or for an unknown one."""
    code = getattr(error, "status_code", None)
    if isinstance(code, str) and code in REDIS_CODES:
        return code
    message = error.args[0] if error.args else None
    if type(message) is not str or not _from_server(error):
        return None
    word = message.rpartition(_IN_PIPELINE)[2].lstrip("('\"").partition(" ")[0]
    return word if word in REDIS_CODES else None


def _from_server(error: BaseException) -> bool:
    return any(base.__name__ == "ResponseError" for base in type(error).__mro__)


def error_type(error: BaseException) -> str:
    """Return the value of `error.type` and `error`: the server's error code if there is one, else the class's name."""
    return redis_code(error) or type_name(error)


def record_exception_type(span: Span, error: BaseException) -> None:
    """Set the span's status to error, described by `error_type`, and add an `exception` event with the type only."""
    span.add_event(EXCEPTION, {EXCEPTION_TYPE: exception_type(error)})
    span.set_status(StatusCode.ERROR, error_type(error))
