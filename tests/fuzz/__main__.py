"""`python -m tests.fuzz [TARGET ...] [--inputs N] [--seed N]`: fuzz, guided by coverage where atheris is installed.

Several targets, all by default, run one after the other, each in a process of its own. An input that takes more than
5 s or 512 MiB ends the run of its target, as one that raises does. With atheris it is kept in the folder --corpus;
without, it is named by its number and the seed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import walk_packages

import spanpact
from tests.fuzz.inputs import damaged, seeds
from tests.fuzz.targets import NAMES, target

SECONDS, MEBIBYTES = 5, 512


def main() -> int:
    """Fuzz what the command line names. Return 0, or 1 where a target of several has a finding."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"any of {', '.join(NAMES)} (default: all)")
    parser.add_argument("--inputs", type=int, default=12_000, help="for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, default=Path(".nox/fuzz_corpus"))
    options = parser.parse_args()
    targets = options.targets or list(NAMES)
    if unknown := [each for each in targets if each not in NAMES]:
        parser.error(f"unknown target {unknown[0]}; there are {', '.join(NAMES)}")
    if len(targets) > 1:
        return _each_alone(targets, options.inputs, options.seed, options.corpus)
    (name,) = targets
    guided = find_spec("atheris") is not None
    print(f"{name}: {options.inputs:,} inputs, {'guided by coverage' if guided else 'seeded damage only'}", flush=True)
    if guided:
        _guided(name, options.inputs, options.seed, options.corpus / name)
    else:
        _seeded(name, options.inputs, options.seed)
    return 0


def _each_alone(targets: Sequence[str], inputs: int, seed: int, corpus: Path) -> int:
    options = (f"--inputs={inputs}", f"--seed={seed}", f"--corpus={corpus}")
    found = [
        each for each in targets if subprocess.run([sys.executable, "-m", "tests.fuzz", each, *options]).returncode
    ]
    print(f"{len(targets) * inputs:,} inputs; {', '.join(found) or 'no target'} with a finding")
    return 1 if found else 0


def _seeded(name: str, inputs: int, seed: int) -> None:
    import resource
    import time

    with target(name) as judge:
        for number, data in enumerate(damaged(name, inputs, seed)):
            began = time.process_time()
            judge(data)
            if time.process_time() - began > SECONDS:
                raise SystemExit(f"input {number} of seed {seed} takes more than {SECONDS} s")
            if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > MEBIBYTES << 10:
                raise SystemExit(f"input {number} of seed {seed} takes more than {MEBIBYTES} MiB")
    print(f"{name}: {inputs:,} inputs, no finding")


def _guided(name: str, inputs: int, seed: int, corpus: Path) -> None:
    import atheris

    with atheris.instrument_imports(include=["spanpact"]):
        for module in walk_packages(spanpact.__path__, "spanpact."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds(name)):
        (corpus / f"seed-{number:03}").write_bytes(data)
    limits = (f"-timeout={SECONDS}", f"-rss_limit_mb={MEBIBYTES}", "-max_len=65536")
    with target(name) as judge:
        arguments = [sys.argv[0], str(corpus), f"-runs={inputs}", f"-seed={seed}", f"-artifact_prefix={corpus.parent}/"]
        atheris.Setup([*arguments, *limits, "-print_final_stats=1"], judge)
        atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
