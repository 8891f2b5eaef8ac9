"""Sessions share the receiver's room; what cannot be kept is refused or counted, never acknowledged."""

from __future__ import annotations

import json

import pytest

from spanpact.sources import OtlpReceiver, ReceiverLimits
from spanpact.sources.receiver.intake import kept_bodies
from spanpact.sources.receiver.intake.request_body import check_body
from spanpact.sources.receiver.intake.sessions import Sessions
from spanpact.sources.receiver.responses import Refusal
from tests.sources.receiver.raw_http import A_JSON_SPAN, ask, post

ONE_SPAN = check_body("traces", "json", A_JSON_SPAN, ReceiverLimits())


def test_the_room_is_shared_and_free_again_when_a_session_ends() -> None:
    sessions = Sessions(ReceiverLimits(spans=3))
    assert [sessions.keep(name, ONE_SPAN) for name in ("a", "b", "a", "b", "")] == [0, 0, 0, 1, 1]
    assert [(each.name, each.spans, each.dropped) for each in sessions] == [("", 0, 1), ("a", 2, 0), ("b", 1, 1)]
    assert (sessions.spans, sessions.dropped) == (3, 2)
    assert sessions.end("a").spans == 2
    assert [sessions.keep("b", ONE_SPAN) for _ in range(3)] == [0, 0, 1]
    assert sessions.spans == 3


def test_what_is_drained_leaves_its_room_and_its_counts() -> None:
    sessions = Sessions(ReceiverLimits(spans=2))
    assert [sessions.keep(name, ONE_SPAN) for name in ("a", "", "a")] == [0, 0, 1]
    drained = sessions.drain()
    assert [(each.name, each.spans) for each in drained] == [("", 1), ("a", 1)]
    assert (sessions.spans, sessions.dropped, sessions.drain()) == (0, 1, [])
    assert sessions.keep("a", ONE_SPAN) == 0
    for each in drained:
        each.close()


def test_bytes_are_limited_too() -> None:
    sessions = Sessions(ReceiverLimits(kept=3 * len(A_JSON_SPAN)))
    kept = [sessions.keep(name, ONE_SPAN) for name in "abcdef"]
    assert kept[:2] == [0, 0]
    assert kept[3:] == [1, 1, 1]
    sessions.end("a").close()
    assert sessions.keep("b", ONE_SPAN) == 0


def test_the_number_of_sessions_is_limited_ended_ones_included() -> None:
    sessions = Sessions(ReceiverLimits(sessions=2))
    sessions.keep("a", ONE_SPAN)
    sessions.end("a").close()
    sessions.keep("b", ONE_SPAN)
    sessions.keep("", ONE_SPAN)
    for name, status in (("c", 429), ("a", 410)):
        with pytest.raises(Refusal) as raised:
            sessions.keep(name, ONE_SPAN)
        assert raised.value.status == status
    assert sessions.find("c") is None


def test_a_session_without_traffic_can_end() -> None:
    sessions = Sessions(ReceiverLimits())
    assert (sessions.end("a").spans, sessions.spans) == (0, 0)
    with pytest.raises(Refusal):
        sessions.check("a")


def test_a_full_disk_refuses_the_request_and_the_next_one_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(**_: object) -> object:
        raise OSError(28, "No space left on device")

    with OtlpReceiver() as receiver:
        with monkeypatch.context() as full:
            full.setattr(kept_bodies, "_IN_MEMORY", 0)
            full.setattr(kept_bodies, "TemporaryFile", no_space)
            response = ask(receiver, post(A_JSON_SPAN))
        assert (response.status, response.headers["retry-after"]) == (503, "1")
        reason = "the receiver cannot keep the body: No space left on device"
        assert json.loads(response.body) == {"code": 14, "message": reason}
        assert (receiver.received, receiver.rejected) == (0, 1)
        assert ask(receiver, post(A_JSON_SPAN)).status == 200
        assert len(receiver.read().traces) == 1
