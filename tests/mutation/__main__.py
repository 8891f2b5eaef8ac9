"""Run mutation testing: `python -m tests.mutation`, or `nox -s mutation`.

Each subject's code is changed in small ways, one at a time. If no test fails, the tests have a hole. Exit code 0: the
score reaches the bar and every survivor is explained; 1: it does not, or one is not; 2: wrong usage.
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
from tests.mutation.survivors import as_toml, differences, load_explained
from tests.mutation.trying import ROOT, prepare, sample, try_mutants, write_mutants

FOLDER = ROOT / ".nox" / "mutation"
NICENESS = 10


def main(arguments: Sequence[str]) -> int:
    """Run the subjects named in the arguments and return the exit code."""
    options = _parser().parse_args(arguments)
    os.nice(NICENESS)
    try:
        subjects = load_subjects()
        if unknown := set(options.subjects) - subjects.keys():
            raise SubjectError(f"{min(unknown)} is no subject; one of {', '.join(subjects)}")
        chosen = [subjects[name] for name in options.subjects or subjects]
        if options.sample is not None:
            chosen = [replace(subject, sample=options.sample) for subject in chosen]
        if options.seed is not None:
            chosen = [replace(subject, seed=options.seed) for subject in chosen]
        return max([run(subject, only=options.only, again=options.again) for subject in chosen])
    except SubjectError as error:
        print(f"mutation: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nox -s mutation --", description="Mutation testing; one worker, niced.")
    parser.add_argument("subjects", nargs="*", help="names from tests/mutation/subjects.toml (default: all)")
    parser.add_argument("--sample", type=int, metavar="N", help="try N mutants of each subject; 0 for all")
    parser.add_argument("--seed", type=int, metavar="N", help="choose another sample than the subject's own")
    parser.add_argument("--only", metavar="GLOB", help="try mutants whose `file function` matches, without a score")
    parser.add_argument("--again", action="store_true", help="try the survivors of the last run, without a score")
    return parser


def run(
    subject: Subject, *, only: str | None = None, again: bool = False, into: Path = FOLDER, root: Path = ROOT
) -> int:
    """Try the mutants of one subject, print and write its figures, and return 1 if it fails, else 0."""
    folder, figures = into / subject.name, into / f"{subject.name}.json"
    prepare(subject, folder, root)
    every = write_mutants(subject, folder)
    part = only is not None or again
    chosen = _part(every, only, _survivors(figures) if again else None) if part else sample(every, subject)
    if not chosen:
        raise SubjectError(f"{subject.name}: no mutant of its {len(every)} was chosen")
    print(f"{subject.name}: {len(chosen)} of {len(every)} mutants; progress in {folder / 'mutmut.log'}", flush=True)
    everything = len(chosen) == len(every)
    explained = load_explained(subject.survivors)
    outcomes = try_mutants(chosen, folder, explained, everything=everything and not subject.left_out)
    found = differences(outcomes, explained, everything=everything)
    print(table(outcomes))
    if part:
        print(as_toml(found.unexplained) if found.unexplained else "every survivor is explained; a part has no score")
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
