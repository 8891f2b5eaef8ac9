"""Write the figures of a run: a table with one line per file, and a JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.mutation.outcomes import FATES, Change, Outcome, Score
from tests.mutation.subjects import Subject
from tests.mutation.survivors import Differences, as_toml

HEAD = ("file", "mutants", *FATES, "score")


def table(outcomes: Sequence[Outcome]) -> str:
    """Return a table with one line per file and one for all."""
    files = sorted({outcome.mutant.file for outcome in outcomes})
    rows = [HEAD]
    rows += [_row(file, Score.of([each for each in outcomes if each.mutant.file == file])) for file in files]
    rows.append(_row("all", Score.of(outcomes)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join("  ".join(_padded(row, widths)).rstrip() for row in rows)


def _row(name: str, score: Score) -> tuple[str, ...]:
    return (name, str(score.mutants), *(str(score.fates[fate]) for fate in FATES), f"{score.value:.1%}")


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *rest = (
        cell.ljust(width) if i == 0 else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return [first, *rest]


def summary(subject: Subject, outcomes: Sequence[Outcome], all_mutants: int, found: Differences) -> str:
    """Return the score, what it was measured on, and how many survivors are explained."""
    score = Score.of(outcomes)
    lived = len([each for each in outcomes if each.lived])
    without = {outcome.change for outcome in outcomes if outcome.lived} - set(found.unexplained)
    explained = len([each for each in outcomes if each.lived and each.change in without])
    lines = [f"{subject.name}: {score.noticed} of {score.mutants} mutants noticed, {score.value:.1%}"]
    if score.mutants < all_mutants:
        low, high = score.interval()
        lines.append(
            f"a sample, seed {subject.seed}, of {score.mutants} of {all_mutants}: "
            f"with 95 % confidence all score {low:.1%} to {high:.1%}"
        )
    lines.append(f"{lived} survived, {explained} of them explained in {subject.survivors.name}")
    return "\n".join(lines)


def faults(subject: Subject, outcomes: Sequence[Outcome], found: Differences) -> list[str]:
    """Return why the run fails; nothing if it passes."""
    lines = []
    if (score := Score.of(outcomes)).value < subject.bar:
        lines.append(
            f"the score is {score.value:.1%}, below {subject.bar:.0%}: too much of the code may be wrong unnoticed"
        )
    if found.unexplained:
        lines.append(
            f"{len(found.unexplained)} changes survive unexplained: add tests that notice them, or explain in "
            f"{subject.survivors.name} why they do no harm\n{as_toml(found.unexplained)}"
        )
    if found.stale:
        lines.append(
            f"{len(found.stale)} changes of {subject.survivors.name} survive no more: take them out\n"
            f"{as_toml(found.stale)}"
        )
    return lines


def as_data(
    subject: Subject, outcomes: Sequence[Outcome], all_mutants: int, reasons: Mapping[Change, str]
) -> dict[str, Any]:
    """Return the run as JSON data: figures by file, and every mutant with its fate."""
    files = sorted({outcome.mutant.file for outcome in outcomes})
    score = Score.of(outcomes)
    return {
        "subject": subject.name,
        "all": all_mutants,
        "tried": score.mutants,
        "seed": subject.seed,
        "score": score.value,
        "interval": score.interval(),
        "bar": subject.bar,
        "files": {file: _figures([o for o in outcomes if o.mutant.file == file]) for file in files},
        "mutants": [_mutant(outcome, reasons) for outcome in outcomes],
    }


def _figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    score = Score.of(outcomes)
    return {"mutants": score.mutants, **{fate: score.fates[fate] for fate in FATES}, "score": score.value}


def _mutant(outcome: Outcome, reasons: Mapping[Change, str]) -> dict[str, Any]:
    mutant, change = outcome.mutant, outcome.change
    entry: dict[str, Any] = {
        "name": mutant.name,
        "file": mutant.file,
        "function": mutant.function,
        "fate": outcome.fate,
    }
    if change and outcome.lived:
        entry |= {"was": change.was, "now": change.now, "why": reasons.get(change)}
    return entry


def write_json(data: Mapping[str, Any], file: Path) -> None:
    """Write the data of one subject to a file, indented so that two runs can be compared."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")
