"""Mutation testing: `python -m tests.mutation`, or `nox -s mutation`.

Each subject's code is changed in small ways, one at a time; where no test fails, the tests have a hole. Exit code 0:
the score reaches the bar and every survivor is explained; 1: not so; 2: it cannot be run as asked.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from tests.mutation.outcomes import Mutant
from tests.mutation.report import as_data, faults, summary, table, write_json
from tests.mutation.subjects import Subject, SubjectError, load_subjects
from tests.mutation.survivors import differences, load_explained, written
from tests.mutation.trying import ROOT, mutants_of, prepare, sampled, tried

FOLDER = ROOT / ".nox" / "mutation"
NICENESS = 10


def main(arguments: Sequence[str]) -> int:
    """Runs the subjects asked for; gives the exit code."""
    asked = _parser().parse_args(arguments)
    os.nice(NICENESS)
    try:
        subjects = load_subjects()
        if unknown := set(asked.subjects) - subjects.keys():
            raise SubjectError(f"{min(unknown)} is no subject; one of {', '.join(subjects)}")
        chosen = [subjects[name] for name in asked.subjects or subjects]
        if asked.sample is not None:
            chosen = [replace(subject, sample=asked.sample) for subject in chosen]
        if asked.seed is not None:
            chosen = [replace(subject, seed=asked.seed) for subject in chosen]
        return max([run(subject, only=asked.only, again=asked.again) for subject in chosen])
    except SubjectError as error:
        print(f"mutation: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nox -s mutation --", description="Mutation testing; one worker, niced.")
    parser.add_argument(
        "subjects", nargs="*", help="what is mutated, by the names in tests/mutation/subjects.toml (all)"
    )
    parser.add_argument("--sample", type=int, metavar="N", help="try N mutants of each subject; 0 for all")
    parser.add_argument("--seed", type=int, metavar="N", help="choose another sample than the subject's own")
    parser.add_argument("--only", metavar="GLOB", help="try those whose `file function` fits, and judge no score")
    parser.add_argument("--again", action="store_true", help="try the survivors of the last run, and judge no score")
    return parser


def run(
    subject: Subject, *, only: str | None = None, again: bool = False, into: Path = FOLDER, root: Path = ROOT
) -> int:
    """Tries the mutants of one subject of a checkout, prints and writes its figures; 1 where it fails."""
    folder, figures = into / subject.name, into / f"{subject.name}.json"
    prepare(subject, folder, root)
    every = mutants_of(subject, folder)
    part = only is not None or again
    chosen = _part(every, only, _survivors(figures) if again else None) if part else sampled(every, subject)
    if not chosen:
        raise SubjectError(f"{subject.name}: none of its {len(every)} mutants is asked for")
    print(f"{subject.name}: {len(chosen)} of {len(every)} mutants; progress in {folder / 'mutmut.log'}", flush=True)
    everything = len(chosen) == len(every)
    explained = load_explained(subject.survivors)
    outcomes = tried(chosen, folder, explained, everything=everything and not subject.left_out)
    found = differences(outcomes, explained, everything=everything)
    print(table(outcomes))
    if part:
        print(written(found.unexplained) if found.unexplained else "no survivor is unexplained; no score is judged")
        return int(bool(found.unexplained))
    write_json(as_data(subject, outcomes, len(every), explained), figures)
    print(summary(subject, outcomes, len(every), found), f"figures in {figures}", sep="\n", flush=True)
    wrong = faults(subject, outcomes, found)
    print(*wrong, sep="\n", file=sys.stderr)
    return int(bool(wrong))


def _survivors(figures: Path) -> set[str]:
    if not figures.exists():
        raise SubjectError(f"there is no last run in {figures}: leave --again out")
    return {each["name"] for each in json.loads(figures.read_text())["mutants"] if "why" in each}


def _part(every: Sequence[Mutant], only: str | None, names: set[str] | None) -> list[Mutant]:
    fit = [each for each in every if only is None or fnmatchcase(f"{each.file} {each.function}", only)]
    return [each for each in fit if names is None or each.name in names]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
