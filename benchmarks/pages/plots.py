"""Draw bar plots and line plots as small SVGs for light and dark pages, without a plotting package.

Every series and every axis is labelled. Colour-blind readers can distinguish the colours; lines also differ by dashes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from xml.sax.saxutils import escape

WIDTH: Final = 760
_LIGHT: Final = ("#0072b2", "#d55e00", "#00795a", "#a3477d", "#6e7781")
_DARK: Final = ("#56b4e9", "#ff9d5c", "#3fc9a0", "#e6a0c4", "#9aa4b0")
_DASHES: Final = ("", "7 4", "2 3", "9 3 2 3", "4 4")
_STYLE: Final = """<style>
.card{{fill:#fff;stroke:#d0d7de}}text{{fill:#1f2328}}.grid{{stroke:#d8dee4}}.goal{{stroke:#57606a}}
{light}
@media (prefers-color-scheme:dark){{
.card{{fill:#0d1117;stroke:#30363d}}text{{fill:#e6edf3}}.grid{{stroke:#30363d}}.goal{{stroke:#9aa4b0}}
{dark}}}
</style>"""
_HEAD: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
    'font-family="system-ui,Helvetica,Arial,sans-serif" font-size="13">\n<title>{title}</title>\n{style}\n'
    '<rect class="card" x="0.5" y="0.5" width="{inner}" height="{low}" rx="6"/>\n'
    '<text x="16" y="26" font-size="15" font-weight="600">{title}</text>\n'
)


def bars(
    title: str, axis: str, groups: Mapping[str, Mapping[str, float]], *, goal: tuple[float, str] | None = None
) -> str:
    """Draw horizontal bars from zero: for each group one bar of each series, with its number next to it.

    Raise ValueError where there is nothing to draw.
    """
    series = list(dict.fromkeys(name for group in groups.values() for name in group))
    most = max((value for group in groups.values() for value in group.values()), default=0.0)
    if most <= 0:
        raise ValueError(f"{title}: there is nothing to draw")
    left, top, each = 210, 76, 16
    tall = each * len(series) + 12
    low = top + tall * len(groups)
    scale = (WIDTH - left - 90) / max(most, goal[0] if goal else 0.0)
    parts = [*_legend(series, top - 28)]
    for tick in _even_ticks(most):
        parts.append(_line("grid", left + tick * scale, top - 6, left + tick * scale, low))
        parts.append(_text(left + tick * scale, low + 18, f"{tick:g}", "middle"))
    for row, (name, group) in enumerate(groups.items()):
        y = top + row * tall
        parts.append(_text(left - 10, y + tall / 2 - 2, name, "end"))
        for number, one in enumerate(series):
            if one in group:
                wide = max(0.0, group[one] * scale)
                place = y + number * each
                parts.append(
                    f'<rect class="b{number}" x="{left}" y="{place:g}" width="{wide:.1f}" height="{each - 3}"/>'
                )
                parts.append(_text(left + wide + 6, place + each - 5, f"{group[one]:.2f}", "start", 12))
    if goal is not None:
        at = left + goal[0] * scale
        parts.append(_line("goal", at, top - 6, at, low, "4 3"))
        parts.append(_text(at, top - 10, goal[1], "middle", 12))
    parts.append(_text(left + (WIDTH - left - 90) / 2, low + 40, axis, "middle"))
    return _svg(title, low + 56, parts)


def lines(title: str, x_axis: str, y_axis: str, places: Sequence[str], series: Mapping[str, Sequence[float]]) -> str:
    """Draw one line for each series over named places, on a logarithmic axis, with its name at its end.

    Raise ValueError where there is nothing to draw, and for a number that is not positive.
    """
    numbers = [number for one in series.values() for number in one]
    if not numbers or min(numbers) <= 0 or any(len(one) != len(places) for one in series.values()):
        raise ValueError(f"{title}: every series needs one number above zero for each of {', '.join(places)}")
    left, right, top, low = 76, 230, 52, 360
    ticks = _log_ticks(min(numbers), max(numbers))
    spread = math.log(ticks[-1] / ticks[0])

    def x_of(place: int) -> float:
        return left + place * (WIDTH - left - right) / max(1, len(places) - 1)

    def y_of(number: float) -> float:
        return low - math.log(number / ticks[0]) / spread * (low - top)

    parts = []
    for tick in ticks:
        parts.append(_line("grid", left, y_of(tick), WIDTH - right, y_of(tick)))
        parts.append(_text(left - 8, y_of(tick) + 4, f"{tick:,g}", "end"))
    for number, place in enumerate(places):
        parts.append(_text(x_of(number), low + 20, place, "middle"))
    ends = _apart([y_of(one[-1]) for one in series.values()])
    for number, (name, one) in enumerate(series.items()):
        points = " ".join(f"{x_of(place):.1f},{y_of(value):.1f}" for place, value in enumerate(one))
        dashes = f' stroke-dasharray="{_DASHES[number % 5]}"' if _DASHES[number % 5] else ""
        parts.append(f'<polyline class="l{number % 5}" points="{points}" fill="none" stroke-width="2.2"{dashes}/>')
        parts.append(_line(f"l{number % 5}", WIDTH - right, y_of(one[-1]), WIDTH - right + 12, ends[number]))
        parts.append(_text(WIDTH - right + 16, ends[number] + 4, name, "start", 12, f"b{number % 5}"))
    parts.append(_text(left + (WIDTH - left - right) / 2, low + 44, x_axis, "middle"))
    turned = f'transform="rotate(-90 20 {(top + low) / 2:g})"'
    parts.append(f'<text x="20" y="{(top + low) / 2:g}" text-anchor="middle" {turned}>{escape(y_axis)}</text>')
    return _svg(title, low + 60, parts)


def _svg(title: str, height: float, parts: Sequence[str]) -> str:
    style = _STYLE.format(light=_colours(_LIGHT), dark=_colours(_DARK))
    size = {"width": WIDTH, "height": f"{height:g}", "inner": WIDTH - 1, "low": f"{height - 1:g}"}
    return _HEAD.format(**size, title=escape(title), style=style) + "\n".join(parts) + "\n</svg>\n"


def _colours(colours: Sequence[str]) -> str:
    return "".join(f".b{n}{{fill:{one}}}.l{n}{{stroke:{one}}}" for n, one in enumerate(colours))


def _legend(series: Sequence[str], y: float) -> Iterator[str]:
    x = 16.0
    for number, name in enumerate(series):
        yield f'<rect class="b{number}" x="{x:g}" y="{y - 10:g}" width="12" height="12"/>'
        yield _text(x + 18, y, name, "start", 12)
        x += 46 + 7 * len(name)


def _text(x: float, y: float, text: str, anchor: str, size: int = 13, kind: str = "") -> str:
    kind = f' class="{kind}"' if kind else ""
    return f'<text{kind} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{escape(text)}</text>'


def _line(kind: str, x1: float, y1: float, x2: float, y2: float, dashes: str = "") -> str:
    dashes = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"{dashes}/>'


def _even_ticks(most: float) -> Sequence[float]:
    rough = most / 5
    ten = 10.0 ** math.floor(math.log10(rough))
    step = next(ten * one for one in (1, 2, 2.5, 5, 10) if ten * one >= rough)
    return [round(step * number, 9) for number in range(int(most / step) + 1)]


def _log_ticks(least: float, most: float) -> Sequence[float]:
    """Return two or more ticks of the series 1, 2, 5, 10 that enclose `least` and `most`."""
    ladder = [one * 10.0**power for power in range(-6, 9) for one in (1, 2, 5)]
    below = max(number for number, tick in enumerate(ladder) if tick <= least * (1 + 1e-9))
    above = min(number for number, tick in enumerate(ladder) if tick >= most * (1 - 1e-9))
    return [round(tick, 9) for tick in ladder[below : max(above, below + 1) + 1]]


def _apart(places: Sequence[float], gap: float = 17.0) -> Sequence[float]:
    """Return the places in the same order, moved apart where they are closer than the gap."""
    found = list(places)
    order = sorted(range(len(places)), key=lambda number: places[number])
    for before, after in itertools.pairwise(order):
        found[after] = max(found[after], found[before] + gap)
    return found
