"""The screen of `spanpact listen`: totals, findings by kind, and the latest events, in the room that a terminal has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from spanpact.listening import Event, LiveTotals
from spanpact.reporting.drawing.canvas import Canvas, Style
from spanpact.reporting.drawing.safe_text import display_width
from spanpact.reporting.live.event_lines import event_lines
from spanpact.reporting.text_options import TextOptions, counted

_LEAST_LATEST: Final = 3
_LEAST_TITLED: Final = 12  # lines; where there are fewer, none of them is for a title
_LONGEST_CLOCK: Final = 10
_MOST_NAMED: Final = 5
_QUIET: Final[Style] = "quiet"


@dataclass(frozen=True, slots=True)
class LiveView:
    """What the screen shows: addresses, seconds since the start, totals, rates (1/s), losses, and the latest events.

    `problem` is what is wrong with the contracts now, "" if nothing is.
    """

    url: str
    grpc_url: str
    seconds: float
    totals: LiveTotals
    growing: int
    spans_per_second: float
    traces_per_second: float
    late: int = 0
    losses: Sequence[tuple[str, str]] = ()
    problem: str = ""
    latest: Sequence[Event] = field(default=())


def live_frame(view: LiveView, options: TextOptions, height: int) -> list[str]:
    """Return the lines of the screen: at most `height`, each at most as wide as the options say."""
    canvas = options.canvas
    width = options.width
    head = [*_head(view, canvas, width)]
    room = max(0, height - len(head))
    contracts = list(_contracts(view.totals, canvas, width))
    kinds = list(_kinds(view.totals, options, width))
    latest = [line.drawn(canvas, width=width) for event in view.latest for line in event_lines(event, options)]
    sections = {"contracts": contracts, "findings": kinds, "latest": latest}
    titled = room >= _LEAST_TITLED
    if titled:
        room -= sum(map(bool, sections.values()))
    lines = [*head]
    for (title, section), number in zip(sections.items(), _shares(room, *map(len, sections.values())), strict=True):
        if number and titled:
            lines.append(canvas.paint(canvas.clip(title, width), "quiet"))
        lines += section[-number:] if number and section is latest else _abridged(section, number, canvas, width)
    return lines[:height]


def _shares(room: int, contracts: int, kinds: int, latest: int) -> tuple[int, int, int]:
    """Return how many lines each section gets: the latest events at least some, and what the others leave."""
    least = min(latest, _LEAST_LATEST)
    of_contracts = min(contracts, max(min(1, room), room - least - min(kinds, _LEAST_LATEST)))
    of_kinds = min(kinds, max(0, room - least - of_contracts))
    return of_contracts, of_kinds, max(0, min(latest, room - of_contracts - of_kinds))


def _abridged(lines: Sequence[str], number: int, canvas: Canvas, width: int) -> Sequence[str]:
    """Return so many of the lines; if not all, the last one says how many are left out."""
    if len(lines) <= number or not number:
        return lines[:number]
    more = canvas.clip(f"  {canvas.glyphs.more} {len(lines) - number + 1} more", width)
    return [*lines[: number - 1], canvas.paint(more, "quiet")]


def _head(view: LiveView, canvas: Canvas, width: int) -> Iterator[str]:
    addresses = " and ".join(filter(None, (view.url, view.grpc_url and f"gRPC {view.grpc_url}")))
    clock = _clock(view.seconds) if width > 2 * _LONGEST_CLOCK else ""
    left = canvas.clip(f"spanpact listen  {canvas.escape(addresses)}", max(0, width - len(clock) - 2))
    padding = " " * (width - display_width(left) - len(clock))
    yield f"{canvas.paint(left, 'strong')}{padding if clock else ''}{clock}"
    totals = view.totals
    numbers = [
        f"{counted(totals.traces, 'trace')} settled ({view.traces_per_second:.1f}/s)",
        f"{view.growing} growing",
        f"{counted(totals.spans, 'span')} ({view.spans_per_second:.1f}/s)",
    ]
    numbers += [f"{view.late} too late"] if view.late else []
    yield canvas.clip("  ".join(numbers), width)
    if totals.unmentioned:
        names = sorted(totals.names.items(), key=lambda each: (-each[1], each[0]))[:_MOST_NAMED]
        listed = ", ".join(f"{canvas.escape(name)} {canvas.glyphs.times}{number}" for name, number in names if number)
        yield canvas.clip(f"no contract mentions {counted(totals.unmentioned, 'trace')}: {listed}", width)
    for what, text in view.losses:
        yield canvas.paint(canvas.clip(f"{what}  {canvas.escape(text)}", width), "doubt")
    if view.problem:
        yield canvas.paint(canvas.clip(canvas.escape(view.problem), width), "bad")


def _contracts(totals: LiveTotals, canvas: Canvas, width: int) -> Iterator[str]:
    names = [canvas.clip(canvas.escape(name), 40) for name in totals.contracts]
    widest = max(map(display_width, names), default=0)
    for name, total in zip(names, totals.contracts.values(), strict=True):
        mark, style = canvas.glyphs.dot, _QUIET
        if total.traces["broken"]:
            mark, style = canvas.glyphs.broken, "bad"
        elif total.traces["not checked"]:
            mark, style = canvas.glyphs.doubt, "doubt"
        elif total.traces["kept"]:
            mark, style = canvas.glyphs.kept, "good"
        counts = f"{total.flows:7} {'flow ' if total.flows == 1 else 'flows'}"
        counts += "".join(f"  {number} {verdict}" for verdict, number in total.traces.items() if number)
        line = canvas.clip(f"{mark} {name}{' ' * (widest - display_width(name))} {counts}", width)
        yield canvas.paint(line, style)


def _kinds(totals: LiveTotals, options: TextOptions, width: int) -> Iterator[str]:
    canvas = options.canvas
    kinds = sorted(totals.kinds.items(), key=lambda each: (not each[1].first.breaks, -each[1].count, each[0]))
    digits = max((len(str(kind.count)) for _, kind in kinds), default=0)
    for (contract, key), kind in kinds:
        mark = canvas.glyphs.broken if kind.first.breaks else canvas.glyphs.note
        what = "  ".join(canvas.escape(text) for text in (contract, key, kind.first.message) if text)
        line = canvas.clip(f"{mark} {kind.count:{digits}}{canvas.glyphs.times}  {what}", width)
        yield canvas.paint(line, "bad" if kind.first.breaks else "doubt")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
