"""Show what was measured under attack as a table, and write it into docs/reliability.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.attack.assistant import AskedAssistant
from benchmarks.attack.receivers import MOST_P99_MS, Measured
from integration.support.page_parts import replace_part

PAGE: Final = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- attack -->", "<!-- end of attack -->"


def render_table(receivers: Sequence[Measured], assistant: AskedAssistant | None) -> str:
    """Return the table of receivers, with what was measured of the server for assistants and what is wrong below it."""
    columns = [_rows(each) for each in receivers]
    lines = ["| | " + " | ".join(f"`spanpact {each.command}`" for each in receivers) + " |"]
    lines.append("|" + "---|" * (len(receivers) + 1))
    lines += [f"| {name} | {' | '.join(column[name] for column in columns)} |" for name in (columns or [{}])[0]]
    below = [f"`spanpact mcp`: {_described(assistant)}"] if assistant else []
    wrong = [f"`{each.command}`: {what}" for each in receivers for what in each.wrong]
    wrong += [f"`mcp`: {what}" for what in assistant.wrong] if assistant else []
    below.append("**Not held:** " + "; ".join(wrong) + "." if wrong else "All promises were kept.")
    return "\n\n".join(["\n".join(lines) if receivers else "", *below]).strip()


def _rows(measured: Measured) -> Mapping[str, str]:
    alone, answers, attacked = measured.alone, measured.answers, measured.attacked
    hostile = {status for found in attacked.answers.values() for status in found}
    bodies = sum(sum(found.values()) for found in attacked.answers.values())
    return {
        "spans sent in the attack, a second": f"{measured.rate:,.0f}",
        "requests of the client, refused or not answered": f"{answers.requests:,}, {sum(answers.refused.values()):,}",
        "spans sent, judged": f"{measured.sent:,}, {measured.judged:,}",
        "answer to the client, median and P99, without the attack": f"{alone.median_ms:.1f} and {alone.p99_ms:.1f} ms",
        "the same in the attack": f"{answers.median_ms:.1f} and {answers.p99_ms:.1f} ms",
        f"P99 <= {MOST_P99_MS:.0f} ms": "met" if answers.p99_ms <= MOST_P99_MS else "missed",
        "memory before, in the first half, at most": (
            f"{measured.before_mib:.0f}, {measured.half_mib:.0f}, {measured.most_mib:.0f} MiB"
        ),
        "other addresses than loopback, unless it is asked": "refused" if measured.only_loopback else "accepted",
        "connections opened and dropped": f"{attacked.dropped:,}",
        "bombs and nested bodies, all answered with": f"{bodies:,}, {', '.join(sorted(hostile))}",
    }


def _described(assistant: AskedAssistant) -> str:
    took = assistant.took_ms
    longest = max(took, key=lambda kind: took[kind], default="")
    return (
        f"after each of {len(took) + len(assistant.silent)} kinds of hostile messages it answered a harmless request, "
        f"at most {took.get(longest, 0):.0f} ms after both were sent ({longest}); its memory went from "
        f"{assistant.before_mib:.0f} to at most {assistant.most_mib:.0f} MiB."
    )


def write_page(table: str, page: Path = PAGE) -> None:
    """Write a table into the page, between its marks, with the machine."""
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    load = f"load of the last minute {os.getloadavg()[0]:.1f}"
    run = f"Run of {when}: Python {platform.python_version()}, {os.cpu_count()} cores, {load}."
    replace_part(page, BEGIN, END, f"{table}\n\n{run}\n")
