"""The ladder opens the first usable rung, reports why others were skipped, and closes what it opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from containers.ladder import BackendUnavailable, Rung, SkippedRung, climb


class Opening:
    """Counts what is open, so that a test can see that everything was closed again."""

    def __init__(self) -> None:
        self.open: list[str] = []

    def rung(self, name: str, *, unavailable: str = "", final: bool = False) -> Rung[str]:
        return Rung(name, lambda: self._opened(name, unavailable), final)

    def _opened(self, name: str, unavailable: str) -> AbstractContextManager[str]:
        @contextmanager
        def opened() -> Iterator[str]:
            if unavailable:
                raise BackendUnavailable(unavailable)
            self.open.append(name)
            try:
                yield f"backend of {name}"
            finally:
                self.open.remove(name)

        return opened()


@pytest.fixture
def opening() -> Opening:
    return Opening()


def test_the_first_usable_rung_is_taken_and_the_others_stay_closed(opening: Opening) -> None:
    with climb("X", [opening.rung("a"), opening.rung("b")]) as found:
        assert (found.backend, found.rung, found.skipped) == ("backend of a", "a", ())
        assert opening.open == ["a"]
    assert opening.open == []


def test_an_unusable_rung_is_skipped_with_its_reason(opening: Opening) -> None:
    with climb("X", [opening.rung("a", unavailable="no engine"), opening.rung("b")]) as found:
        assert found.rung == "b"
        assert found.skipped == (SkippedRung("a", "no engine"),)
        assert str(found.skipped[0]) == "a: no engine"


def test_a_forced_rung_is_the_only_one_tried(opening: Opening) -> None:
    with climb("X", [opening.rung("a"), opening.rung("b")], prefer="b") as found:
        assert found.rung == "b"


def test_a_forced_rung_that_cannot_be_used_is_an_error_and_not_a_reason_to_look_further(opening: Opening) -> None:
    rungs = [opening.rung("a", unavailable="broken"), opening.rung("b")]
    with pytest.raises(BackendUnavailable, match=r"^no X backend \(a: broken\)$"), climb("X", rungs, prefer="a"):
        pytest.fail("the body ran without a backend")


def test_a_final_rung_that_cannot_be_used_ends_the_climb(opening: Opening) -> None:
    rungs = [opening.rung("a", unavailable="refused", final=True), opening.rung("b")]
    with pytest.raises(BackendUnavailable, match="a: refused"), climb("X", rungs):
        pytest.fail("the body ran without a backend")


def test_when_no_rung_can_be_used_every_reason_is_reported(opening: Opening) -> None:
    rungs = [opening.rung("a", unavailable="one"), opening.rung("b", unavailable="two")]
    with pytest.raises(BackendUnavailable, match=r"^no X backend \(a: one; b: two\)$"), climb("X", rungs):
        pytest.fail("the body ran without a backend")


def test_an_unknown_rung_is_refused_with_those_that_are_known(opening: Opening) -> None:
    rungs = [opening.rung("a"), opening.rung("b")]
    with pytest.raises(ValueError, match="X backend 'c' is unknown; known are a, b"), climb("X", rungs, prefer="c"):
        pytest.fail("the body ran without a backend")


def test_what_the_body_raises_is_the_callers_and_the_rung_is_closed(opening: Opening) -> None:
    raised = BackendUnavailable("of the body")
    with pytest.raises(BackendUnavailable) as caught, climb("X", [opening.rung("a"), opening.rung("b")]):
        raise raised
    assert caught.value is raised
    assert opening.open == []
