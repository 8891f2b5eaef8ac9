"""Broken circuit breakers: events that are missing, unexplained or elsewhere, refusals that are none."""

from __future__ import annotations

from typing import Any

from opentelemetry.sdk.trace import Span

from tests.broken_implementations.faults import do_nothing, with_failure_event
from tests.broken_implementations.registry import broken
from tests.broken_implementations.service import Service


@broken("breaker-lifecycle", "probe/span-missing", "probing/event-missing")
class HalfOpenNotTold(Service):
    """The breaker lets a probe through, and no event says so."""

    def add_event(self, span: Span, event: str, **attributes: Any) -> None:
        if event != "circuit_breaker.half_open":
            super().add_event(span, event, **attributes)


@broken("breaker-lifecycle", "failing/span-missing", "probe/span-missing", "rejected/event-missing")
class EventsOnTheRequest(Service):
    """The breaker's events are on the request's span, not on the call's."""

    async def handled(self, span: Span, *arguments: Any) -> int:
        self.request_span = span
        return await super().handled(span, *arguments)

    def add_event(self, span: Span, event: str, **attributes: Any) -> None:
        super().add_event(self.request_span if hasattr(self, "request_span") else span, event, **attributes)


@broken("database-call-fails", "counted/attribute-missing")
class FailureWithoutACount(Service):
    """The event of a failure does not say how many there were."""

    def add_event(self, span: Span, event: str, **attributes: Any) -> None:
        if event == "circuit_breaker.failure":
            del attributes["failure_count"]
        super().add_event(span, event, **attributes)


@broken("breaker-lifecycle", "not_counted/event-surplus")
class RefusalCounted(Service):
    """A call that the breaker refuses is recorded as a failure of the database."""

    refuse = with_failure_event(Service.refuse, 4, "CircuitOpen")


@broken(
    "breaker-lifecycle",
    "failing/attribute-missing",
    "not_counted/event-surplus",
    "tripped/attribute-value",
)
class OpensTooEarly(RefusalCounted):
    """The breaker opens one failure too early, and makes up for it by telling refusals as failures."""

    threshold = 2


@broken("session-database-down", "rejected/attribute-missing")
class RefusalWithoutAnEnd(Service):
    """A refusal does not say when to try again."""

    def add_event(self, span: Span, event: str, **attributes: Any) -> None:
        attributes.pop("retry_after_s", None)
        super().add_event(span, event, **attributes)


@broken("session-database-down", "rejected/event-missing")
class RefusalNotTold(Service):
    """A call is refused without an event."""

    refuse = do_nothing


@broken("session-database-down", "top/status-message")
class RefusalWithoutWords(Service):
    """The status of a refused call does not say that the breaker was it."""

    def status_message(self, error: BaseException) -> None:
        return None


@broken("session-database-down", "client/span-surplus", "query/span-surplus")
class RefusedYetAsked(Service):
    """The breaker refuses the call after it has queried the database."""

    def refuse(self, span: Span) -> None:
        super().refuse(span)
        self.traced_query("SELECT", "select 1", (), "studio-api")


@broken("breaker-lifecycle", "failing/span-surplus", "rejected/span-missing", "tripped/attribute-value")
class OpensTooLate(Service):
    """The breaker opens after one failure more than agreed."""

    threshold = 4


@broken("breaker-lifecycle", "probing/attribute-value", "recovered/attribute-value")
class StateNotBefore(Service):
    """The event of a transition gives the state that is reached as the one that was left."""

    def transition(self, before: str) -> dict[str, Any]:
        return super().transition(self.state)


@broken("breaker-lifecycle", "transition/attribute-value", "tripped/attribute-value")
class RateInPercent(Service):
    """The failure rate is 100, not 1."""

    def transition(self, before: str) -> dict[str, Any]:
        explained = super().transition(before)
        return {**explained, "failure_rate": explained["failure_rate"] * 100}


@broken("breaker-lifecycle", "closing/event-missing", "recovered/event-missing")
class CloseNotTold(Service):
    """The breaker closes silently: on every dashboard it is open for ever."""

    def add_event(self, span: Span, event: str, **attributes: Any) -> None:
        if event != "circuit_breaker.close":
            super().add_event(span, event, **attributes)


@broken("database-call", "no_failure/event-surplus")
class FailureWhenFine(Service):
    """A call that succeeds has the event of a failure."""

    call_succeeded = with_failure_event(Service.call_succeeded, 1, "None")


@broken("database-call-fails", "no_failure/event-surplus", "query/status")
class FailedCallLooksFine(Service):
    """A call whose query failed is not an error itself."""

    def failed(self, span: Span, error: BaseException) -> None:
        if span.name != "execute_with_circuit_breaker":
            super().failed(span, error)
