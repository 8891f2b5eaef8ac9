"""The figures of a run: a table, a line a file, and a JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.mutation.outcomes import FATES, Change, Outcome, Score
from tests.mutation.subjects import Subject
from tests.mutation.survivors import Differences, written

HEAD = ("file", "mutants", *FATES, "score")


def table(outcomes: Sequence[Outcome]) -> str:
    """A line a file, then all of them together."""
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
    """The score, what it was measured on, and how many survivors are explained."""
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
    """Why the run fails: nothing, where it passes."""
    said = []
    if (score := Score.of(outcomes)).value < subject.bar:
        said.append(
            f"the score is {score.value:.1%}, below {subject.bar:.0%}: too much of the code may be wrong unnoticed"
        )
    if found.unexplained:
        said.append(
            f"{len(found.unexplained)} changes survive unexplained: give the tests what notices them, or say in "
            f"{subject.survivors.name} why they do no harm\n{written(found.unexplained)}"
        )
    if found.stale:
        said.append(
            f"{len(found.stale)} changes of {subject.survivors.name} survive no more: take them out\n"
            f"{written(found.stale)}"
        )
    return said


def as_data(
    subject: Subject, outcomes: Sequence[Outcome], all_mutants: int, reasons: Mapping[Change, str]
) -> dict[str, Any]:
    """The run for machines: figures by file, and every mutant with its fate."""
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
    said: dict[str, Any] = {"name": mutant.name, "file": mutant.file, "function": mutant.function, "fate": outcome.fate}
    if change and outcome.lived:
        said |= {"was": change.was, "now": change.now, "why": reasons.get(change)}
    return said


def write_json(data: Mapping[str, Any], file: Path) -> None:
    """One file a subject, pretty enough to be compared."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")
