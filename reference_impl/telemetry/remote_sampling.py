"""A sampler whose rate follows an endpoint: Jaeger's remote sampling, by HTTP (S1.6, docs/adr/0067).

A thread of its own asks for the rate of this service; starting a span only reads the last answer. Whatever fails, the
last rate stays, with one line in the log until an answer comes again.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Final

import msgspec
from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

from reference_impl.settings import Settings
from reference_impl.settings.values import masked

logger = logging.getLogger("reference_impl.telemetry.remote_sampling")

TIMEOUT_S = 5.0
"""Seconds for one whole answer."""
_LARGEST: Final = 1024 * 1024  # bytes of an answer

_Rate = Annotated[float, msgspec.Meta(ge=0, le=1)]


class _Share(msgspec.Struct, rename="camel"):
    sampling_rate: _Rate


class _Operation(msgspec.Struct, rename="camel"):
    operation: str
    probabilistic_sampling: _Share


class _Operations(msgspec.Struct, rename="camel"):
    default_sampling_probability: _Rate
    per_operation_strategies: list[_Operation] = []


class _Strategy(msgspec.Struct, rename="camel"):
    """An answer, as far as it is used. Its `strategyType` is a number or a name, and is not needed."""

    probabilistic_sampling: _Share | None = None
    operation_sampling: _Operations | None = None


class _Rates:
    """The rate of a service, and those of root spans with certain names."""

    __slots__ = ("by_name", "of_others")

    def __init__(self, of_others: float, by_name: Mapping[str, float] | None = None) -> None:
        self.of_others = TraceIdRatioBased(of_others)
        self.by_name = {name: TraceIdRatioBased(rate) for name, rate in (by_name or {}).items()}

    def __str__(self) -> str:
        named = [f"{name} {sampler.rate}" for name, sampler in self.by_name.items()]
        return ", ".join([str(self.of_others.rate), *named])


def remote_sampler(settings: Settings) -> RemoteSampler | None:
    """Return the sampler of `jaeger_remote`, which asks at once; None if the settings name another one."""
    if settings.sdk_disabled or not settings.sampler.endswith("jaeger_remote"):
        return None
    return RemoteSampler(
        settings.sampling_url,
        settings.service_name,
        first_rate=settings.sampling_rate,
        interval_s=settings.sampling_interval_s,
    )


class RemoteSampler(Sampler):
    """Samples by the trace id and the rate that `url` gives for a service; by `first_rate` until it does.

    Begins to ask at once, and again every `interval_s` seconds, until `close`. A forked child asks for itself.
    """

    reads_attributes: ClassVar = False

    def __init__(self, url: str, service: str, *, first_rate: float, interval_s: float) -> None:
        self._url, self._service, self._interval_s = url, service, interval_s
        self._rates = _Rates(first_rate)
        self._failing = False
        self._start()
        start = weakref.WeakMethod(self._start)
        os.register_at_fork(after_in_child=lambda: (method := start()) and method())

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """See Sampler."""
        rates = self._rates
        sampler = rates.by_name.get(name, rates.of_others)
        return sampler.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        """See Sampler."""
        return f"JaegerRemoteSampler{{{self._rates}}}"

    def close(self) -> None:
        """Ask no more; the last rate stays. Does not wait for an open question."""
        self._closing.set()

    def _start(self) -> None:
        self._closing = threading.Event()
        threading.Thread(target=self._follow, args=(self._closing,), name="sampling-rate", daemon=True).start()

    def _follow(self, closing: threading.Event) -> None:
        while not closing.is_set():
            # As texts, because logs show nothing of other objects.
            before = str(self._rates)
            try:
                rates = _rates_of(_answer(self._url, self._service))
            except Exception as problem:
                if not self._failing:
                    what = (before, masked(self._url), type(problem).__name__)
                    logger.warning("the sampling rate stays at %s: %s gives none (%s)", *what)
                self._failing = True
            else:
                if str(rates) != before or self._failing:
                    logger.info("the sampling rate is now %s", str(rates))
                self._rates, self._failing = rates, False
            closing.wait(self._interval_s)


def _answer(url: str, service: str) -> bytes:
    """Return the body of an answer. Raise an Exception of any kind where there is none within the time."""
    import requests  # late, as it is slow

    from reference_impl.export.reply_deadline import DeadlineAdapter

    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, DeadlineAdapter())
        session.headers["accept-encoding"] = "identity"  # a small body could inflate to any size
        asked = {"service": service}
        with session.get(url, params=asked, timeout=TIMEOUT_S, allow_redirects=False, stream=True) as response:
            if response.status_code != 200:
                raise _NoRateError(response.status_code)
            body: bytes = response.raw.read(_LARGEST + 1, decode_content=False)
    if len(body) > _LARGEST:
        raise _NoRateError("too large")
    return body


class _NoRateError(Exception):
    """An answer without a rate."""


def _rates_of(body: bytes) -> _Rates:
    strategy = msgspec.json.decode(body, type=_Strategy)
    if operations := strategy.operation_sampling:
        by_name = {
            each.operation: each.probabilistic_sampling.sampling_rate for each in operations.per_operation_strategies
        }
        return _Rates(operations.default_sampling_probability, by_name)
    if strategy.probabilistic_sampling is None:
        raise _NoRateError("another strategy")
    return _Rates(strategy.probabilistic_sampling.sampling_rate)
