"""Broken privacy: keys, addresses and tokens that get into spans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.sdk.trace import Span
from opentelemetry.trace import get_current_span

from tests.broken_implementations.faults import with_text_of_value
from tests.broken_implementations.registry import broken
from tests.broken_implementations.service import Handler, Headers, Service


@broken("redis-set", "private/privacy-leak")
class WholeCommand(Service):
    """`db.query.text` is the command with its arguments, the e-mail address among them."""

    async def send(self, operation: str, *arguments: Any) -> Any:
        get_current_span().set_attribute("db.query.text", " ".join(map(str, (operation, *arguments))))
        return await super().send(operation, *arguments)


@broken("redis-set", "private/privacy-leak")
class PasswordOfTheServer(Service):
    """Spans tell how the client has logged in, the password of the Redis server too."""

    async def send(self, operation: str, *arguments: Any) -> Any:
        get_current_span().set_attribute("redis.login", "AUTH studio-api correct-horse-battery")
        return await super().send(operation, *arguments)


@broken("redis-unregistered-key", "private/privacy-leak", "redis/attribute-value")
class UnknownKeyAsItIs(Service):
    """A key that fits no template is shown as it is."""

    def pattern(self, key: str) -> str:
        known = super().pattern(key)
        return key if known == "[unregistered]" else known


@broken("session-hit", "lookup/attribute-value", "redis/attribute-value")
class DigitsReplaced(Service):
    """Keys are sanitized by replacing digits, which leaves the letters of a session's id."""

    def pattern(self, key: str) -> str:
        return "".join("#" if letter.isdigit() else letter for letter in key)


@broken("redis-failing-command", "exception/attribute-unexpected", "raised/attribute-unexpected")
class MessageRecorded(Service):
    """`record_exception` as OpenTelemetry has it: with the message and the stack trace."""

    def record(self, span: Span, error: BaseException) -> None:
        span.record_exception(error)


@broken("redis-failing-command", "top/status-message")
class MessageAsStatus(Service):
    """The status is described by the exception's message."""

    def status_message(self, error: BaseException) -> str:
        return str(error)


@broken("redis-failing-command", "top/attribute-value")
class MessageAsError(Service):
    """`error` is the exception's message."""

    failed = with_text_of_value("error", Service.failed)


@broken("session-hit", "private/privacy-leak")
class TokenOnTheValidation(Service):
    """The token that is validated is an attribute."""

    async def reason(self, span: Span, token: str) -> str | None:
        span.set_attribute("session.token", token)
        return await super().reason(span, token)


@broken("session-create", "private/privacy-leak")
class AddressInAnEvent(Service):
    """An event names the user by e-mail address."""

    async def keep(self, id: str, email: str, device: str, expires: int) -> None:
        get_current_span().add_event("user.known", {"user": email})
        await super().keep(id, email, device, expires)


@broken("two-services", "call/attribute-value", "private/privacy-leak")
class CredentialsInTheUrl(Service):
    """`url.full` holds the password that the other service is called with."""

    def client_attributes(self) -> Mapping[str, Any]:
        return {**super().client_attributes(), "url__full": "http://studio:s3cret@audit-api:8081/audit/records"}


@broken("session-invalidate", "private/privacy-leak")
class HeadersCaptured(Service):
    """All headers of a request are attributes, `Authorization` too."""

    async def handled(self, span: Span, handler: Handler, headers: Headers, body: Mapping[str, Any]) -> int:
        span.set_attributes({f"http.request.header.{name}": value for name, value in headers.items()})
        return await super().handled(span, handler, headers, body)


@broken("session-invalidate", "lines/privacy-leak", "private/privacy-leak")
class TokenInTheLog(Service):
    """The request's log line holds the bearer token."""

    async def handled(self, span: Span, handler: Handler, headers: Headers, body: Mapping[str, Any]) -> int:
        self.authorization = headers["authorization"]
        return await super().handled(span, handler, headers, body)

    def log_request(self, span: Span, status: int) -> None:
        self.log("request.handled", status=status, authorization=self.authorization)
