"""How scenarios ended as text, for a person: a line for each, then what is broken, then a summary line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from spanpact.conformance.judging import ScenarioResult
from spanpact.findings import Verdict
from spanpact.reporting.drawing.canvas import Style
from spanpact.reporting.report_text import findings_of_each, verdict_mark
from spanpact.reporting.text_options import TextOptions, counted, join_sections

_STYLES: Final[Mapping[Verdict, Style]] = {"kept": "good", "broken": "bad", "not checked": "doubt"}


def render_results_text(
    header: Sequence[tuple[str, str]], results: Sequence[ScenarioResult], rest: str, options: TextOptions
) -> str:
    """Return the whole report; ends with a line break.

    `header` has titles and texts; `rest` says how many scenarios were not performed, "" for none.
    """
    canvas = options.canvas
    head = (f"{canvas.paint(title.ljust(7), 'quiet')}  {canvas.escape(text)}" for title, text in header)
    broken = (_broken(each, options) for each in results if each.verdict == "broken")
    return (
        "\n".join(join_sections([head, _verdicts(results, options), *broken, [_summary(results, rest, options)]]))
        + "\n"
    )


def verdict_of(results: Sequence[ScenarioResult]) -> Verdict:
    """Return "broken" if a scenario is, else "not checked" if one was not, else "kept"."""
    verdicts = {result.verdict for result in results}
    return "broken" if "broken" in verdicts else "not checked" if "not checked" in verdicts else "kept"


def _verdicts(results: Sequence[ScenarioResult], options: TextOptions) -> Iterator[str]:
    canvas = options.canvas
    widest = max(len(result.scenario.name) for result in results)
    for result in results:
        name = canvas.paint(result.scenario.name, "strong") + " " * (widest - len(result.scenario.name))
        contracts = canvas.paint(", ".join(result.scenario.contracts), "quiet")
        why = f"  {canvas.masked(result.why)}" if result.why else ""
        yield f"{verdict_mark(result.verdict, canvas)}  {name}  {contracts}{why}"


def _broken(result: ScenarioResult, options: TextOptions) -> Iterator[str]:
    assert result.report is not None
    yield options.canvas.paint(f"{result.scenario.name}: {result.scenario.about}", "strong")
    for text in findings_of_each(result.report, options):
        if text:
            yield text


def _summary(results: Sequence[ScenarioResult], rest: str, options: TextOptions) -> str:
    counts = Counter(result.verdict for result in results)
    verdict = verdict_of(results)
    parts = [f"{counts[each]} {each}" for each in ("kept", "broken", "not checked") if counts[each]]
    line = f"{verdict}: {counted(len(results), 'scenario')}, {', '.join(parts)}{f'; {rest}' if rest else ''}"
    return options.canvas.paint(line, _STYLES[verdict])
