"""`python -m tests.fuzz TARGET [--inputs N] [--seed N]`: fuzz a target, guided by coverage where atheris is installed.

An input that takes more than 5 s or 512 MiB ends the run, as one that raises does. With atheris it is kept in the
folder --corpus; without, it is named by its number and the seed.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import walk_packages

import spanpact
from tests.fuzz.inputs import damaged, seeds
from tests.fuzz.targets import NAMES, target

SECONDS, MEBIBYTES = 5, 512


def main() -> int:
    """Fuzz what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=NAMES)
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, default=Path(".nox/fuzz_corpus"))
    options = parser.parse_args()
    guided = find_spec("atheris") is not None
    print(f"{options.target}: {options.inputs:,} inputs, {'guided by coverage' if guided else 'seeded damage only'}")
    if guided:
        _guided(options.target, options.inputs, options.seed, options.corpus / options.target)
    else:
        _seeded(options.target, options.inputs, options.seed)
    return 0


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
