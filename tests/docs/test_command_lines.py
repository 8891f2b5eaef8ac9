"""Every command line of every page is run here in a reader's project, or listed with the test that runs it, or why not.

What is listed without a test is still read by its command, so that no page shows an option that is gone.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from spanpact.cli import load_command
from tests.docs.command_lines import CommandLine, command_lines, runs_elsewhere
from tests.docs.readers_project import TRACE_ID, Project, committed, readers_project

NEWCOMER = "tests/docs/test_tutorial.py::test_a_newcomer_with_an_empty_environment_gets_what_the_page_says"
TESTED: Mapping[str, str] = {
    "docs/archives.md": "tests/docs/test_archives_page.py",
    "docs/ci.md, A container": "integration/test_command_image.py::test_it_lints_and_judges_examples",
    "docs/core.md, spanpact-core": "tests/verification/native/test_core_module.py",
    "docs/deploy.md, Access": "integration/deployments/test_access.py",
    "docs/deploy.md, Change the sampling rate": "tests/reference_impl/telemetry/test_remote_sampling.py",
    "docs/live-jaeger.md, One round": "tests/docs/test_live_guide.py",
    "docs/monitoring.md, Set it up": "integration/monitoring/test_dashboard.py",
    "docs/monitoring.md, The dashboard": "tests/docs/test_monitoring_page.py",
    "docs/receive.md, Compose": "integration/test_receive_in_compose.py::test_it_forwards_and_judges",
    "docs/receive.md, Parallel tests, one receiver": "tests/docs/test_receive_page.py",
    "docs/receive.md, Two steps of a CI job": "tests/docs/test_receive_page.py",
    "docs/reliability.md, Memory of large files": "tests/benchmarks/verification/test_file_memory.py",
    "docs/supply-chain.md, Build it again": "tests/packaging/test_reproducible.py",
    "docs/tracing-guide.md, See a trace": "integration/test_tracing_guide.py",
    "docs/tracing-guide.md, Pictures of Jaeger": "integration/test_tracing_guide.py",
    "docs/tracing-guide.md, Sampling": "integration/test_tracing_guide.py",
    "docs/tutorial.md, Your service is not Python": "examples/emitters.py",
    "docs/tutorial.md": NEWCOMER,
    "docs/tutorial-node.md": NEWCOMER,
}
"""The tests that run the lines of a page, or of one section of it."""
LISTENS = "it listens until it is stopped: tests/cli/listen and tests/cli/receive do that"
SESSION = "a session of its own; test_docstrings knows that it exists, and .ci/run runs demo and tests"
COMPOSE = (
    "it needs a Docker engine with all images; the same Jaeger with its settings is tests/containers and integration/"
)
NOT_RUN: Mapping[str, str] = {
    r"nox -s |pip install nox|\. \.nox/": SESSION,
    r"pip install '": "it installs from the checkout: `nox -s package` installs the wheel",
    r"spanpact (listen|receive)\b": LISTENS,
    r"docker |curl -i http://127.0.0.1:8080/": COMPOSE,
    r"(redis-server|jaeger) .*&$|DATABASE_URL=": "servers on their usual ports: integration/ has them on free ones",
    r"kubectl ": "it needs a cluster: integration/deployments/test_kubernetes.py has the manifests and their schemas",
    r"chromium ": "the pictures are taken by hand: tests/docs/test_guides.py compares their text with the trees",
    r"\*/5 ": "a line for cron; the script is that of the page",
    r"grep [0-9a-f]{32} ": "the log is the service's: tests/reference_impl/logs has the same search",
    r"spanpact .*(\[|SHELL|COMMAND)": "a synopsis: tests/cli/test_docs.py compares it with the commands",
    r"source <": "zsh: tests/cli/test_completion.py runs it by zsh's own emulation",
    r"(SPANPACT_\w+=… )?(export SPANPACT|spanpact \w+ .*(jaeger\.example|clickhouse:|tempo:))": "a server that is "
    "somewhere else, with credentials: tests/cli/test_stores.py and test_jaeger_credentials.py have such servers",
}
"""Lines that are run nowhere as they are, by a pattern, with the reason."""
EXITS: Mapping[str, int] = {
    "Exit codes: spanpact verify contracts/ --from traces.json": 2,
    "spanpact explain: spanpact verify contracts/ --from traces.json --format json=report.json": 1,
}
"""Exit codes other than 0, by section and line."""
LINES = list(command_lines())


def the_test_of(line: CommandLine) -> str:
    """Return the test that runs a line, "" if none is listed."""
    return TESTED.get(f"{line.page}, {line.section}", TESTED.get(line.page, ""))


def reason_not_to_run(line: CommandLine) -> str:
    """Return why a line is not run as it is, "" if it is."""
    return next((reason for pattern, reason in NOT_RUN.items() if re.match(pattern, line.text)), "")


RUN_HERE = [line for line in LINES if not the_test_of(line) and not reason_not_to_run(line)]
SECTIONS = list(dict.fromkeys((line.page, line.section) for line in RUN_HERE))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with readers_project(tmp_path) as project:
        yield project


def prepare(project: Project, section: str) -> None:
    """Do what the text around the lines of a section assumes."""
    if section == "spanpact explain":
        project.write_traces(broken=True)
    elif section == "Use it from the command line":
        project.write_traces(broken=True)
        project.run("spanpact verify contracts/ --from traces.json --format json=report.json")
        project.write_traces()
    elif section == "spanpact diff":
        committed(project, "v1.4.0")
    elif section == "Exit codes":
        contract = project.folder / "contracts" / "checkout.contract.yaml"
        contract.write_text(contract.read_text().replace("order:", "oder:"))


@pytest.mark.unmeasured
@pytest.mark.timeout(240)
@pytest.mark.parametrize(("page", "section"), SECTIONS, ids=lambda text: str(text))
def test_the_lines_of_a_section_do_what_they_say(page: str, section: str, project: Project) -> None:
    prepare(project, section)
    for line in [each.text for each in RUN_HERE if (each.page, each.section) == (page, section)]:
        if re.match("mkdir|spanpact init", line):  # which make the folder
            shutil.rmtree(project.folder / "contracts")
        elif line.startswith("spanpact record"):
            for contract in (project.folder / "contracts").glob("*.yaml"):
                contract.unlink()
        given = line.replace("--trace ID", f"--trace {TRACE_ID}").replace("redis-down", "redis-get-hit")  # it has two
        code, printed = project.run(given)
        assert code == EXITS.get(f"{section}: {line}", 0), f"{line}\n{printed}"
        if section != "Exit codes" and not line.startswith("mkdir"):
            project.write_contracts()


@pytest.mark.parametrize("section", TESTED)
def test_what_is_listed_as_tested_is_a_section_and_its_test_exists(section: str) -> None:
    assert any(f"{line.page}, {line.section}".startswith(section) for line in LINES)
    assert runs_elsewhere(TESTED[section])


@pytest.mark.parametrize("pattern", NOT_RUN)
def test_what_is_listed_as_not_run_is_on_a_page(pattern: str) -> None:
    assert any(re.match(pattern, line.text) for line in LINES)


SYNOPSIS = re.compile(r"\[|\b(SHELL|COMMAND)\b")
OWN = [line for line in LINES if re.match(r"(?:\w+=\S* )*spanpact [a-z]", line.text) and not SYNOPSIS.search(line.text)]


@pytest.mark.parametrize("line", OWN, ids=lambda line: f"{line.page}: {line.text}")
def test_every_line_is_one_that_its_command_takes(line: CommandLine) -> None:
    words = shlex.split(re.split(r" (?:&$|>|\||;|&& )", line.text)[0])
    command, *arguments = words[words.index("spanpact") + 1 :]
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    load_command(command).build_parser().parse_intermixed_args(own)
