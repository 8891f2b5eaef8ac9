"""`spanpact listen` on a terminal: one screen that follows its size, and the report on the screen that was there."""

from __future__ import annotations

import signal

import pytest

from spanpact.findings import Finding
from spanpact.listening import FlowVerdict, LiveTotals, Settled, TraceVerdict
from spanpact.reporting import TextOptions
from spanpact.reporting.drawing.safe_text import display_width
from spanpact.reporting.live.frame import LiveView, live_frame
from tests.cli.commands import CommandLine
from tests.cli.listen.listening import SETTLE, STYLE, on_a_terminal
from tests.reporting.formats.reports import HOSTILE
from tests.reporting.sample_reports import changed, in_trace, kept_flow, span

BROKEN = changed(kept_flow(), "redis.get", kind="server")
CONTRACT = "session.contract.yaml"
ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"


def test_the_screen_shows_verdicts_findings_and_what_no_contract_mentions(cli: CommandLine) -> None:
    with on_a_terminal(cli.folder, CONTRACT, *SETTLE) as running:
        running.send(in_trace(kept_flow(), 1), in_trace(BROKEN, 2), in_trace([span(1, "GET /health")], 3))
        running.wait(lambda: "3 traces settled" in running.frame())
        frame = running.frame().splitlines()
        assert frame[0].startswith(f"spanpact listen  {running.url} ")
        assert frame[2] == "no contract mentions 1 trace: GET /health ×1"
        assert "✗ session-validate       2 flows  1 kept  1 broken" in frame
        assert "✗ 1×  session-validate  lookup/kind  the span kind differs" in frame
        assert f"unmentioned GET /health  1 span  1ms  trace {3:032x}" in frame
        assert "\x1b[1;31m" in running.out
        assert running.end() == 1
    before, _, report = running.out.rpartition(LEAVE)
    assert before.count(ENTER) == 1
    assert "\x1b[?25h" in before
    assert STYLE.sub("", report).strip().endswith("broken: 1 contract, 1 broken, 1 finding, 2 flows")


def test_the_screen_follows_the_size_of_the_terminal(cli: CommandLine) -> None:
    with on_a_terminal(cli.folder, CONTRACT, *SETTLE) as running:
        running.send(*(in_trace(BROKEN, number) for number in range(1, 40)))
        running.wait(lambda: "39 traces settled" in running.frame())
        assert 25 <= len(running.frame().splitlines()) <= 30
        for columns, rows in ((44, 9), (20, 4), (160, 50)):
            running.resize(columns, rows)
            running.wait(lambda: _fits(running.frame(), columns, rows))  # noqa: B023
        assert running.end(signal.SIGTERM) == 1


def _fits(frame: str, columns: int, rows: int) -> bool:
    """Return whether the frame fits, and uses the room that there is."""
    lines = frame.splitlines()
    widest = max(map(display_width, lines), default=0)
    return len(lines) <= rows and widest <= columns and (rows > 45 or len(lines) >= rows - 1)


def test_without_colour_there_is_none(cli: CommandLine) -> None:
    with on_a_terminal(cli.folder, CONTRACT, *SETTLE, env={"NO_COLOR": "1"}) as running:
        running.send(in_trace(BROKEN, 1))
        running.wait(lambda: "1 trace settled" in running.frame())
        assert running.end() == 1
    assert STYLE.search(running.out) is None


def test_a_terminal_that_is_closed_ends_nothing(cli: CommandLine) -> None:
    with on_a_terminal(cli.folder, CONTRACT, *SETTLE, "--format", f"json={cli.folder}/r.json") as running:
        running.hang_up()
        running.send(in_trace(BROKEN, 1))
        assert running.end(signal.SIGHUP) == 1
    assert '"verdict": "broken"' in (cli.folder / "r.json").read_text(encoding="utf-8")


def test_a_dumb_terminal_gets_lines(cli: CommandLine) -> None:
    with on_a_terminal(cli.folder, CONTRACT, *SETTLE, "--once", env={"TERM": "dumb"}) as running:
        running.send(in_trace(kept_flow(), 1))
        assert running.ended() == 0
    assert "\x1b" not in running.out
    assert f"kept        session-validate  GET /session  3 spans  6ms  trace {1:032x}\r\n" in running.out


def test_hostile_names_do_not_reach_the_terminal(cli: CommandLine) -> None:
    with on_a_terminal(cli.folder, CONTRACT, *SETTLE, env={"NO_COLOR": "1"}) as running:
        running.send(in_trace([span(1, f"{HOSTILE}\x1b[2J ada@example.com")], 1))
        running.wait(lambda: "no contract mentions 1 trace" in running.frame())
        assert running.end() == 3
    assert "\x1b[2J" not in running.out
    assert "\x1b]0;" not in running.out
    assert "ada@" not in running.out


def test_a_contract_that_becomes_invalid_is_shown_until_it_is_right(cli: CommandLine) -> None:
    text = (cli.folder / CONTRACT).read_text(encoding="utf-8")
    with on_a_terminal(cli.folder, CONTRACT, *SETTLE) as running:
        (cli.folder / CONTRACT).write_text(text.replace("span:", "spam:", 1), encoding="utf-8")
        running.wait(lambda: "unknown keyword `spam`" in running.frame().partition("latest")[0])
        (cli.folder / CONTRACT).write_text(text, encoding="utf-8")
        running.wait(lambda: "spam" not in running.frame().partition("latest")[0])
        assert running.end() == 3


@pytest.mark.parametrize("width", [11, 20, 40, 100])
@pytest.mark.parametrize("height", [1, 2, 5, 24, 60])
@pytest.mark.parametrize("ascii", [True, False])
def test_a_frame_fits_whatever_is_in_it(width: int, height: int, *, ascii: bool) -> None:
    totals = LiveTotals()
    events = []
    for number in range(50):
        finding = Finding("kind", f"entry-{number}", HOSTILE, contract=f"contract-{number}")
        verdict = FlowVerdict(f"contract-{number} {HOSTILE} 日本語", "broken", 1, [finding])
        trace = TraceVerdict(f"{number:032x}", f"GET /日本語 {HOSTILE}", 3, 5_000_000, [verdict])
        totals.add(trace)
        events.append(Settled(trace))
    totals.add(TraceVerdict("f" * 32, HOSTILE, 1, 1))
    losses = [("dropped", "3 spans and logs")]
    view = LiveView("http://127.0.0.1:4318", "http://[::1]:4317", 3661, totals, 1, 1e6, 0.1, 2, losses, HOSTILE, events)
    lines = live_frame(view, TextOptions(width=width, ascii=ascii), height)
    assert len(lines) <= height
    assert max(map(display_width, lines)) <= width
    assert not any("\x1b" in line or "\n" in line for line in lines)
    if height == 60 and width == 100:
        assert len(lines) == 60
        assert lines[0].endswith("1:01:01")
