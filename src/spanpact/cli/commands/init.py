"""`spanpact init`: make a folder of contracts, a first contract if there are traces, and a job for CI."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spanpact.cli.arguments.options import SOURCE_KINDS, Parser, add_source_option, add_tls_options
from spanpact.cli.commands.record import SCHEMA, add_flows_option, each_kind, file_name
from spanpact.cli.output import print_text, write_file
from spanpact.contract.file_names import SUFFIXES
from spanpact.errors import UsageError
from spanpact.settings import find_settings

if TYPE_CHECKING:
    from spanpact.recording import RecordedContract

CONTRACTS: Final = Path("contracts")
"""The folder of contracts where the project's settings name none."""
_GITHUB: Final = Path(".github/workflows/spanpact.yml")
_GITLAB: Final = Path(".gitlab/spanpact.yml")
_GITHUB_JOB: Final = """\
name: spanpact
on: [push, pull_request]
permissions: {contents: read}
jobs:
  contracts:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
      - uses: actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0
        with: {python-version: '3.12'}
      - run: pip install spanpact
      - run: spanpact lint {folder}/
      # Your command that makes traces, such as end-to-end tests:
      # - run: spanpact run {folder}/ --format github -- pytest tests/e2e
"""
_GITLAB_JOB: Final = """\
# A job for GitLab: lint the contracts, and verify what a command exports. `spanpact init` writes this file.
spanpact:
  image: python:3.12
  variables:
    SPANPACT_CONTRACTS: {folder}/
    SPANPACT_COMMAND: '' # your command that makes traces, such as: pytest tests/e2e
  script:
    - pip install spanpact
    - spanpact lint $SPANPACT_CONTRACTS
    - |
      if [ -n "$SPANPACT_COMMAND" ]; then
        spanpact run $SPANPACT_CONTRACTS --format text --format junit=spanpact.xml -- sh -c "$SPANPACT_COMMAND"
      fi
  artifacts:
    when: always
    reports:
      junit: spanpact.xml
"""
_SHELL_LINE: Final = "pip install spanpact && spanpact lint {folder}/"


def build_parser() -> Parser:
    """Return the parser of `spanpact init`."""
    parser = Parser(
        "init",
        "Make a folder of contracts in this folder, a contract for each kind of root in the traces if some are given, "
        "and a job for CI. Nothing is overwritten.",
        examples=["spanpact init --from traces.json", "spanpact init"],
        exit_codes="0 made, or there already, 2 wrong usage, 3 the traces cannot be read or have too few flows",
    )
    add_source_option(parser, f"traces to record contracts from: {SOURCE_KINDS}; may be repeated (default: none)")
    add_flows_option(parser)
    add_tls_options(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Make what is missing, print what was made and what to do next, and return 0."""
    given = build_parser().parse_args(arguments)
    folder = _folder()
    recorded = _recorded(given) if given.sources else []  # before anything is made: it may fail
    for lines in (_contracts(folder, recorded), _job(folder), _next(folder, given)):
        for line in lines:
            print_text(f"{line}\n", sys.stdout)
    return 0


def _folder() -> Path:
    """Return the first folder that the project's settings name for contracts, else `contracts`."""
    named = map(Path, find_settings().values.get("contracts", ()))
    return next((each for each in named if not each.name.endswith(SUFFIXES)), CONTRACTS)


def _recorded(given: argparse.Namespace) -> list[RecordedContract]:
    """Return the contracts of the traces. Raise SourceError if these cannot be read or have too few flows."""
    from spanpact.cli.reading import read_sources, source_options
    from spanpact.recording import Recorded

    given.traces = []
    return list(each_kind(Recorded(read_sources(given.sources, source_options(given))), given, SCHEMA))


def _contracts(folder: Path, recorded: Sequence[RecordedContract]) -> Iterator[str]:
    """Make the folder with the schema for editors and the contracts; yield a line for each file."""
    from spanpact.reporting.schemas import schema_text

    schema = schema_text("contract").encode()
    yield _made(folder / SCHEMA, schema, "the JSON Schema of contracts, for editors")
    for contract in recorded:
        about = f"recorded from {contract.flows} flows"
        yield _made(folder / file_name(contract), contract.text.encode(), about)


def _job(folder: Path) -> Iterator[str]:
    """Make the job for the CI that this folder has; yield a line about it.

    Without a contract the job would fail, so none is made.
    """
    if not any(file.name.endswith(SUFFIXES) for file in folder.rglob("*")):
        return
    config = Path(".git/config")
    remotes = config.read_text(encoding="utf-8", errors="replace") if config.is_file() else ""
    if Path(".github").is_dir() or "github.com" in remotes:
        yield _made(_GITHUB, _for(folder, _GITHUB_JOB).encode(), "a job for GitHub Actions")
    elif Path(".gitlab-ci.yml").is_file() or "gitlab" in remotes:
        yield _made(_GITLAB, _for(folder, _GITLAB_JOB).encode(), "a job for GitLab")
        yield f"next    add to .gitlab-ci.yml: include: [{{local: {_GITLAB.as_posix()}}}]"
    else:
        yield f"next    let your CI run: {_for(folder, _SHELL_LINE)}"


def _for(folder: Path, text: str) -> str:
    return text.replace("{folder}", folder.as_posix())


def _next(folder: Path, given: argparse.Namespace) -> Iterator[str]:
    if given.sources:
        sources = " ".join(f"--from {shlex.quote(source)}" for source in given.sources)
        yield f"next    review the contracts, then: spanpact verify {folder.as_posix()}/ {sources}"
    else:
        yield f"next    record a contract: spanpact record --output {folder.as_posix()}/ -- COMMAND"
        yield "next    then call spanpact init again: it makes the job for CI, which needs a contract"
    line = f"# yaml-language-server: $schema={SCHEMA}"
    yield f"next    begin contracts that you write yourself with the line for editors: {line}"


def _made(file: Path, data: bytes, about: str) -> str:
    """Write a file with the folders that it needs, unless it exists, and return a line that says which."""
    if file.exists():
        return f"kept    {file.as_posix()}, which was there"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder {file.parent.as_posix()}: {error.strerror}") from error
    write_file(file, data)
    return f"made    {file.as_posix()}: {about}"
