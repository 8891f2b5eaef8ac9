"""Make and try mutants with mutmut, in a copy of what the tests need: the checkout is never mutated.

mutmut writes all mutants of a function next to it and chooses by name at each call. It imports the tests once,
forks for each mutant, and runs those that call the function until one fails.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from mutmut.configuration import reset_config
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.format_utils import orig_function_and_class_names_from_key

from tests.mutation.outcomes import Change, Fate, Mutant, Outcome
from tests.mutation.subjects import Subject, SubjectError

ROOT = Path(__file__).parents[2]
SHOWN = 30  # lines of mutmut's output, if it fails
FATE: Mapping[str, Fate] = {"survived": "survived", "no tests": "not called", "timeout": "timeout"}  # else: killed

# The first steps of `mutmut run`, which does not repeat them.
WRITE = ("-c", "from mutmut.__main__ import *; copy_src_dir(); copy_also_copy_files(); create_mutants(1)")

CONFIG = """\
[tool.mutmut]
source_paths = {source}
only_mutate = {mutate}
also_copy = {also}
pytest_add_cli_args_test_selection = {tests}
timeout_multiplier = {factor}
timeout_constant = 5.0
use_git_change_detection = false
track_dependencies = false

[tool.pytest.ini_options]
addopts = ["--import-mode=importlib", "-p", "no:cacheprovider"]
filterwarnings = ["error"]
"""


def prepare(subject: Subject, folder: Path, root: Path) -> None:
    """Copy what the subject needs from the checkout to an empty folder, and add a configuration for mutmut."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in subject.copy:
        origin, copy = root / name, folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, copy, ignore=shutil.ignore_patterns("__pycache__"))
        elif origin.is_file():
            shutil.copy(origin, copy)
        else:
            raise SubjectError(f"{subject.name}: there is no {name} to copy")
    also = sorted({Path(name).parts[0] for name in subject.copy} - {subject.source})
    config = CONFIG.format(
        source=json.dumps([subject.source]),
        mutate=json.dumps(list(subject.mutate)),
        also=json.dumps(also),
        tests=json.dumps(list(subject.tests)),
        factor=subject.timeout_factor,
    )
    (folder / "pyproject.toml").write_text(config)


def write_mutants(subject: Subject, folder: Path) -> list[Mutant]:
    """Let mutmut write every mutant to the folder. Return those that are not left out, in the order of the files."""
    files = sorted({file for glob in subject.mutate for file in folder.glob(glob) if file.suffix == ".py"})
    if not files:
        raise SubjectError(f"{subject.name}: no file is mutated by {', '.join(subject.mutate)}")
    _mutmut(folder, WRITE, folder / "written.log")
    found = [mutant for file in files for mutant in _mutants_in(folder, file.relative_to(folder))]
    return [mutant for mutant in found if not subject.leaves_out(mutant.file, mutant.function)]


def _mutants_in(folder: Path, file: Path) -> Iterator[Mutant]:
    for name in _fates(folder, str(file)):
        function, of_class = orig_function_and_class_names_from_key(name)
        yield Mutant(name, str(file), f"{of_class}.{function}" if of_class else function)


def _fates(folder: Path, file: str) -> Mapping[str, str]:
    meta = json.loads((folder / "mutants" / f"{file}.meta").read_text())
    return {name: status_by_exit_code[code] for name, code in meta["exit_code_by_key"].items()}


def _mutmut(folder: Path, command: Sequence[str], log: Path) -> None:
    plain = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONUNBUFFERED": "1"}  # plugins would start for every mutant
    with log.open("w") as output:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=folder, env=os.environ | plain, stdout=output, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
    if done.returncode:
        last = "\n".join(log.read_text().splitlines()[-SHOWN:])
        raise SubjectError(f"mutmut failed with exit code {done.returncode}; the end of {log}:\n{last}")


def sample(mutants: Sequence[Mutant], subject: Subject) -> list[Mutant]:
    """Return the mutants to try. Each is chosen by its name alone, so that an edit changes few of them."""

    def draw(mutant: Mutant) -> str:
        return hashlib.sha256(f"{subject.seed} {mutant.name}".encode()).hexdigest()

    if not subject.sample or subject.sample >= len(mutants):
        return list(mutants)
    chosen = set(sorted(mutants, key=draw)[: subject.sample])
    return [mutant for mutant in mutants if mutant in chosen]


def try_mutants(
    mutants: Sequence[Mutant], folder: Path, explained: Collection[Change], *, everything: bool
) -> list[Outcome]:
    """Try the mutants one after the other and return the outcome of each.

    `everything`: these are all mutants, so that mutmut need not be given their names.
    """
    names = [] if everything else [mutant.name for mutant in mutants]
    _mutmut(folder, ["-m", "mutmut", "run", "--max-children", "1", *names], folder / "mutmut.log")
    fates = {name: fate for file in {mutant.file for mutant in mutants} for name, fate in _fates(folder, file).items()}
    explained_functions = {(change.file, change.function) for change in explained}
    with _inside(folder):
        return [_outcome(mutant, fates.get(mutant.name, "not checked"), explained_functions) for mutant in mutants]


def _outcome(mutant: Mutant, status: str, explained_functions: Collection[tuple[str, str]]) -> Outcome:
    if status in ("not checked", "check was interrupted by user"):
        raise SubjectError(f"mutmut did not finish {mutant.name}: {status}")
    fate = FATE.get(status, "killed")
    needs_change = fate in ("survived", "not called") or (mutant.file, mutant.function) in explained_functions
    return Outcome(mutant, fate, change_of(mutant) if needs_change else None)


def change_of(mutant: Mutant) -> Change:
    """Return the lines that the mutant changes, without their indentation."""
    lines = get_diff_for_mutant(mutant.name, path=mutant.file).splitlines()[3:]
    was = "\n".join(line[1:].strip() for line in lines if line.startswith("-"))
    now = "\n".join(line[1:].strip() for line in lines if line.startswith("+"))
    return Change(mutant.file, mutant.function, was, now)


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Work in the folder: mutmut reads its configuration and finds its mutants there."""
    reset_config()
    with contextlib.chdir(folder):
        yield
    reset_config()
