"""The project's commands. All sessions but `package` and `lock` share one environment, `.nox/development`.

    nox -s demo      the service under contract, end to end
    nox -s tests     lint, types, unit, contract, integration and the unit tests' branch coverage
    nox -l           the rest

The environment holds exactly what constraints.txt pins, by hash (docs/adr/0004), and is made again when they
or the package's metadata change. What follows `--` goes on to the tool behind the session.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nox

sys.path.insert(0, str(Path(__file__).parent))  # nox does not look here for modules

from ci.sessions.chosen_tests import CORE_TESTS, NATIVE, NOT_WITH_LOWEST, ON_SPARK, VERSION_MARKERS, VERSION_TESTS
from ci.sessions.environments import (
    CACHE,
    PINS,
    PIP_QUIETLY,
    PROJECT,
    PYTHONS,
    ROOT,
    development_environment,
    editable_environment,
    make_environment,
    pinned_environment,
    program,
    versions_only,
    wanted_python,
)
from ci.sessions.tools import (
    BESIDE,
    chosen,
    measured_tests,
    pytest_folder,
    report_beside,
    report_coverage,
    start_beside,
    tool,
)

nox.needs_version = ">=2025.10"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["tests"]
nox.options.error_on_external_run = False

EXAMPLE_CONTRACTS = "contracts/v1"

# Names of a Chromium on PATH.
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

SUPPLY_CHAIN = ROOT / "ci" / "supply_chain"
LOWEST = ROOT / "tests" / "packaging" / "versions" / "lowest.txt"
# Sessions of `tests`, in order; each reports on its own, and one that fails does not hide what the others say.
TESTED = ("lint", "unit", "contract", "coverage", "types", "integration")
# Integration tests mostly wait, and mypy keeps one core busy: `tests` starts them first, and they run beside the others
# until their turn to report.
STARTED_FIRST = ("integration", "types")


@nox.session
def demo(session: nox.Session) -> None:
    """A real service on a real Redis, verified against its contracts; `-- --break NAME` breaks its tracing."""
    tool(session, *demo_command(session.posargs))


@nox.session
def tests(session: nox.Session) -> None:
    """lint, unit, contract, coverage, types and integration; what follows `--` goes to the pytest sessions."""
    development_environment(session)
    for name in () if session.posargs else STARTED_FIRST:
        start_beside(session, name)
    for name in TESTED:
        session.notify(name, session.posargs if name in ("unit", "contract", "integration") else ())


@nox.session(default=False)
def lint(session: nox.Session) -> None:
    """Style (ruff), format (ruff format), the layers (import-linter) and the contracts (spanpact lint)."""
    tool(session, "ruff", "check", *session.posargs)
    tool(session, "ruff", "format", "--check")
    tool(session, "lint-imports")
    tool(session, "spanpact", "lint", EXAMPLE_CONTRACTS)


@nox.session(default=False)
def types(session: nox.Session) -> None:
    """mypy, strict."""
    if "types" in BESIDE:
        report_beside(session, "types")
    else:
        tool(session, "mypy", *session.posargs)


@nox.session(default=False)
def unit(session: nox.Session) -> None:
    """spanpact's and the reference implementation's own tests, in tests/; their branches are measured."""
    measured_tests(session, "unit", chosen(session, "tests"))


@nox.session(default=False)
def contract(session: nox.Session) -> None:
    """The contracts, against their examples and against the reference implementation."""
    tool(session, "pytest", *chosen(session, "contracts"))


@nox.session(default=False)
def coverage(session: nox.Session) -> None:
    """Branch coverage of the last unit run; fails under the bar of pyproject.toml."""
    report_coverage(session, "unit", f"--omit={NATIVE},{ON_SPARK}", *session.posargs)


@nox.session(default=False)
def expensive(session: nox.Session) -> None:
    """Run the checks that take seconds each and rarely fail, which `tests` leaves out: those marked `expensive`."""
    if session.posargs:
        tool(session, "pytest", *session.posargs)
        return
    tool(session, "pytest", "--numprocesses=auto", "-m", "expensive", "tests", "contracts")
    tool(session, "pytest", "-m", "expensive", "integration/soak")  # alone, as it measures a capacity


@nox.session(default=False)
def lowest(session: nox.Session) -> None:
    """Test the lowest versions that pyproject.toml accepts, on the lowest Python: what is claimed is what was run."""
    environment = CACHE / "lowest"
    editable_environment(session, environment, LOWEST, wanted_python(session, PYTHONS[0]))
    test_versions(session, environment, *NOT_WITH_LOWEST)


@nox.session(default=False)
def newest(session: nox.Session) -> None:
    """Test the newest versions that the registry has today, which no file pins: they may break on any day."""
    environment = CACHE / "newest"
    shutil.rmtree(environment, ignore_errors=True)
    make_environment(session, environment)
    groups = nox.project.dependency_groups(PROJECT, "reference", "test", "build")
    extras = ",".join(extra for extra in PROJECT["project"]["optional-dependencies"] if extra != "spark")  # half a GB
    python = program(environment, "python")
    session.run(python, *PIP_QUIETLY, "--editable", f"{ROOT}[{extras}]", *groups)
    session.run(python, "-m", "pip", "list", "--disable-pip-version-check", "--format=freeze", "--exclude-editable")
    test_versions(session, environment)


@nox.session(default=False)
@nox.parametrize("version", [nox.param(version, id=version) for version in PYTHONS])
def python(session: nox.Session, version: str) -> None:
    """Test a Python with what constraints.txt pins; one that is not here is reported as skipped."""
    environment = CACHE / f"python-{version}"
    editable_environment(session, environment, PINS, wanted_python(session, version))
    test_versions(session, environment)


@nox.session(default=False)
def properties(session: nox.Session) -> None:
    """Try every example of the Hypothesis properties, of which `tests` tries a quarter."""
    profile = ("--hypothesis-profile=full", "--timeout=600")  # on a busy machine some take minutes
    tool(session, "pytest", *profile, *(session.posargs or ["--numprocesses=auto", "-m", "hypothesis", "tests"]))


@nox.session(default=False)
def integration(session: nox.Session) -> None:
    """The tests that need a backend, on the first rung of its ladder; `-- --require docker,redis` and `--backend`."""
    if "integration" in BESIDE:
        report_beside(session, "integration")
    else:
        pytest_folder(session, "integration")


@nox.session(default=False)
def stores(session: nox.Session) -> None:
    """Judge by stores as they are: ClickHouse with the collector's exporter, and Zipkin; needs Go, Java and Maven."""
    environment = CACHE / "stores"
    pinned_environment(session, environment, ROOT / "integration" / "stores" / "requirements.txt")
    wanted_tests = session.posargs or ["integration/stores"]
    tool(session, "pytest", *wanted_tests, env={"SPANPACT_STORES": program(environment, "python")})


@nox.session(default=False)
def spark(session: nox.Session) -> None:
    """Verify archives on Spark, local[2], with failing tasks, late files and damage; needs Java 17 or newer."""
    if not shutil.which("java"):
        session.error("there is no java here: apt-get install openjdk-17-jre-headless")
    environment = CACHE / "spark"
    pinned_environment(session, environment, ROOT / "integration" / "spark" / "requirements.txt")
    (packages,) = environment.glob("lib/python*/site-packages")
    tool(
        session,
        "pytest",
        *(session.posargs or ["integration/spark"]),
        env={"PYTHONPATH": str(packages), "SPANPACT_SPARK": "required"},
    )


@nox.session(default=False)
def browser(session: nox.Session) -> None:
    """Test the HTML report in the Chromium of this machine; `-- --write-docs` renews the pictures of it in the docs."""
    variables = browser_variables(session)
    if "--write-docs" in session.posargs:
        tool(session, "python", "-m", "docs.draw_report", env=variables)
    else:
        tool(session, "pytest", *(session.posargs or ["integration/browser"]), env=variables)


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Build the site of the docs and check its links; `-- --browser` opens it in Chromium, `-- --serve` shows it."""
    site = docs_site(session)
    if "--browser" in session.posargs:
        variables = {**browser_variables(session), "SPANPACT_SITE": str(site)}
        tool(session, "pytest", "integration/docs_site", env=variables)
    if "--serve" in session.posargs:
        tool(session, "python", "-m", "http.server", "8000", "--bind", "127.0.0.1", "--directory", str(site))


@nox.session(default=False)
def faults(session: nox.Session) -> None:
    """Run the tests that name a fault, and print which faults are survived; needs Chromium; `-- --write-docs`."""
    tool(session, "python", "-m", "integration.scorecard", *session.posargs, env=browser_variables(session))


@nox.session(default=False)
def monitoring(session: nox.Session) -> None:
    """Try monitoring/ on a Prometheus that scrapes services with faults; needs Prometheus and Go (apt-get install)."""
    for wanted, package in (("prometheus", "prometheus"), ("promtool", "prometheus"), ("go", "golang-go")):
        if not shutil.which(wanted):
            session.error(f"there is no {wanted} here: apt-get install {package}")
    tool(session, "python", "-m", "containers.images.jaeger_binary")  # it is the collector too; once, 2 to 5 minutes
    tool(session, "pytest", *(session.posargs or ["integration/monitoring"]), env={"SPANPACT_MONITORING": "required"})


@nox.session(default=False)
def deployments(session: nox.Session) -> None:
    """Try deployments/: Jaeger on a disk behind its proxy, and the schemas of Kubernetes; needs Caddy and Go."""
    for wanted, package in (("caddy", "caddy"), ("go", "golang-go")):
        if not shutil.which(wanted):
            session.error(f"there is no {wanted} here: apt-get install {package}")
    environment = CACHE / "deployments"
    pinned_environment(session, environment, ROOT / "integration" / "deployments" / "requirements.txt")
    variables = {"SPANPACT_DEPLOYMENTS": program(environment, "kubernetes-validate")}
    tool(session, "python", "-m", "containers.images.jaeger_binary")  # once, 2 to 5 minutes
    tool(session, "pytest", *(session.posargs or ["integration/deployments"]), env=variables)


@nox.session(default=False)
def core(session: nox.Session) -> None:
    """Build and check spanpact-core, the optional faster reader, and install it here; needs Rust (docs/core.md)."""
    if not shutil.which("cargo"):
        session.warn(
            "spanpact-core is not built: there is no cargo here; install Rust 1.85 or newer (https://rustup.rs)"
        )
        return
    environment, sources, wheels = CACHE / "core", ROOT / "core", CACHE / "core" / "wheels"
    pinned_environment(session, environment, sources / "requirements.txt")
    python = program(development_environment(session), "python")
    target = os.environ.get("CARGO_TARGET_DIR", str(environment / "target"))
    building = {"CARGO_TARGET_DIR": target, "PYO3_PYTHON": python}
    with session.chdir(sources):
        session.run("cargo", "fmt", "--check", env=building)
        session.run("cargo", "clippy", "--quiet", "--locked", "--all-targets", "--", "-D", "warnings", env=building)
        session.run("cargo", "test", "--quiet", "--locked", "--no-default-features", env=building)
        shutil.rmtree(wheels, ignore_errors=True)
        build = ("build", "--quiet", "--release", "--interpreter", python, "--out", str(wheels))
        session.run(program(environment, "maturin"), *build, env=building)
    (wheel,) = wheels.glob("*.whl")
    session.run(python, *PIP_QUIETLY, "--no-deps", "--force-reinstall", str(wheel))
    tests = ["--numprocesses=auto", *(session.posargs or CORE_TESTS)]
    measured_tests(session, "core", tests, SPANPACT_CORE="required")
    if not session.posargs:
        report_coverage(session, "core", f"--include={NATIVE}")


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """Fuzz contracts, traces, answers of stores and reports by coverage; `-- tempo --inputs 1000 --seed 2`."""
    environment = CACHE / "fuzz"
    pinned_environment(session, environment, ROOT / "tests" / "fuzz" / "requirements.txt")
    (packages,) = environment.glob("lib/python*/site-packages")
    options = (*session.posargs, "--corpus", str(CACHE / "fuzz_corpus"))
    tool(session, "python", "-m", "tests.fuzz", *options, env={"PYTHONPATH": str(packages)})


@nox.session(default=False)
def core_fuzz(session: nox.Session) -> None:
    """Fuzz spanpact-core under the address sanitizer; needs nightly Rust; `-- 1000000` inputs to each target."""
    if not shutil.which("cargo-fuzz"):
        session.error("there is no cargo-fuzz here: rustup toolchain install nightly; cargo install cargo-fuzz")
    folder, number = CACHE / "core_fuzz", (session.posargs or ["100000"])[0]
    tool(session, "python", "-m", "tests.verification.native.fuzz_seeds", str(folder / "seeds"))
    fuzzing = {"CARGO_TARGET_DIR": str(folder / "target"), "SPANPACT_PATTERNS": str(folder / "seeds" / "patterns")}
    options = ("-dict=otlp.dict", "-max_len=1024", "-print_final_stats=1", f"-runs={number}")
    with session.chdir(ROOT / "core" / "fuzz"):
        for target in ("json", "protobuf", "screen", "engine", "ends"):
            found = folder / "corpus" / target
            found.mkdir(parents=True, exist_ok=True)
            seeds = folder / "seeds" / target  # `ends` needs none
            inputs = (target, str(found), *([str(seeds)] if seeds.exists() else []))
            session.run("cargo", "+nightly", "fuzz", "run", "--fuzz-dir", ".", *inputs, "--", *options, env=fuzzing)


@nox.session(default=False)
def live(session: nox.Session) -> None:
    """Judge a real Jaeger in rounds while it takes 200 requests/s for 3 minutes; `-- --rate 50 --seconds 20`."""
    tool(session, "python", "-m", "integration.live_rounds", *session.posargs)


@nox.session(default=False)
def soak(session: nox.Session) -> None:
    """Load the service for 30 minutes while its backends fail; `-- --minutes 3 --seed 7`, `--spool`, `--write-docs`."""
    tool(session, "python", "-m", "integration.soak", *session.posargs)


@nox.session(default=False)
def images(session: nox.Session) -> None:
    """Have every image here: pulled where a registry answers, made where none does; `-- --local` makes them anyway."""
    tool(session, "python", "-m", "containers.images", "build", *session.posargs)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """The benchmarks, side by side; `-- --write-docs` writes the tables and plots of the docs from the run."""
    pytest_folder(session, "benchmarks")


@nox.session(default=False)
def emitters(session: nox.Session) -> None:
    """Verify the services of examples/, in four languages; `-- --quick`, `-- --allow-missing` (of their toolchains)."""
    tool(session, "python", "-m", "examples.emitters", *session.posargs)


@nox.session(default=False)
def endings(session: nox.Session) -> None:
    """Count what arrives from programs of many languages that end in four ways; `-- --write-docs` renews the table."""
    tool(session, "python", "-m", "examples.endings", *session.posargs)


@nox.session(default=False)
def mutation(session: nox.Session) -> None:
    """Break code in small ways, and see whether its tests notice; `-- corpus`, `-- contracts`, `-- --help`."""
    tool(session, "python", "-m", "tests.mutation", *session.posargs)


@nox.session(default=False)
def guard(session: nox.Session) -> None:
    """Fail where a traced operation takes 5 % more instructions, or a verdict grows faster than its input.

    `-- --renew` after a meant change.
    """
    tool(session, "python", "-m", "benchmarks.operations.guard", *session.posargs)
    tool(session, "python", "-m", "benchmarks.growth.guard")


@nox.session(default=False)
def package(session: nox.Session) -> None:
    """Build wheel and sdist, install the wheel alone in a clean environment, and verify what it ships."""
    dist, clean = CACHE / "dist", CACHE / "package"
    install_wheel(session, dist, clean)
    outside = {"PYTHONSAFEPATH": "1", "PYTHONPATH": ""}
    where = "from spanpact.contract.shipped import shipped_contracts; print(shipped_contracts())"
    with session.chdir(dist):  # not in the checkout, whose folders must not be found
        session.run(program(clean, "spanpact"), "--version", env=outside)
        shipped = session.run(program(clean, "python"), "-c", where, silent=True, env=outside)
        session.run(program(clean, "spanpact"), "verify", str(shipped).strip(), env=outside)


@nox.session(default=False)
def sbom(session: nox.Session) -> None:
    """Write the SBOM of the wheel and what it needs, in CycloneDX's JSON, next to the wheel in .nox/dist."""
    dist, clean, programs = CACHE / "dist", CACHE / "sbom", CACHE / "supply_chain"
    pinned_environment(session, programs, SUPPLY_CHAIN / "requirements.txt")
    install_wheel(session, dist, clean)
    # What virtualenv put there; pip is the last to go.
    session.run(program(clean, "python"), "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools", "wheel", "pip")
    (wheel,) = dist.glob("*.whl")
    file = dist / f"{wheel.name.partition('-py3')[0]}.cdx.json"
    options = ("--output-reproducible", "--output-format", "JSON", "--output-file", str(file))
    described = ("--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "library")
    session.run(program(programs, "cyclonedx-py"), "environment", *described, *options, program(clean, "python"))
    tool(session, "python", "-m", "ci.supply_chain.sbom", str(file))


@nox.session(default=False)
def audit(session: nox.Session) -> None:
    """Look every pin up in PyPI's database of vulnerabilities; skipped, not passed, where that does not answer."""
    programs = CACHE / "supply_chain"
    pinned_environment(session, programs, SUPPLY_CHAIN / "requirements.txt")
    python = program(development_environment(session), "python")
    files = [str(path) for path in (PINS, SUPPLY_CHAIN / "requirements.txt", ROOT / "core" / "requirements.txt")]
    command = (python, "-m", "ci.supply_chain.audit", program(programs, "pip-audit"), *files)
    code = subprocess.run(command, cwd=ROOT).returncode
    if code == 3:
        session.skip(
            "NOT AUDITED: the database did not answer for every package; run it where PyPI is reached directly"
        )
    if code:
        session.error("a pinned package has a known vulnerability")


@nox.session(default=False, venv_backend="virtualenv")
def lock(session: nox.Session) -> None:
    """Write constraints.txt and the pins of sessions; `-- --upgrade` renews all, `-- --upgrade-package NAME` one."""
    session.install(*nox.project.dependency_groups(PROJECT, "lock"))
    folders = (
        "integration/stores",
        "integration/spark",
        "integration/browser",
        "core",
        "ci/supply_chain",
        "tests/fuzz",
        "docs/site",
        "integration/deployments",
    )
    own = [Path(folder, "requirements.txt") for folder in folders]
    lowest = LOWEST.relative_to(ROOT)
    direct = (
        "--all-extras",
        "--no-extra",
        "spark",
        "--resolution",
        "lowest-direct",
        "--override",
        str(lowest.with_name("overrides.in")),
    )
    for pins, wanted in (
        (PINS.name, ("pyproject.toml", "--group", "dev", "--extra", "pytest")),
        (str(lowest), ("pyproject.toml", str(lowest.with_suffix(".in")), *direct)),
        *((str(each), (str(each.with_suffix(".in")),)) for each in own),
    ):
        session.run(
            *("uv", "pip", "compile", *wanted),
            *("--universal", "--python-version", "3.11", "--generate-hashes"),
            *("--no-emit-index-url", "--no-emit-find-links", "--system-certs", "--quiet"),
            *("--custom-compile-command", "nox -s lock", "--output-file", pins, *session.posargs),
        )


def install_wheel(session: nox.Session, dist: Path, clean: Path) -> None:
    """Build wheel and sdist, and install the wheel with its pinned packages alone in a new environment."""
    for folder in (dist, clean):
        shutil.rmtree(folder, ignore_errors=True)
    tool(session, "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(dist))
    (wheel,) = dist.glob("*.whl")
    make_environment(session, clean)
    session.run(program(clean, "python"), *PIP_QUIETLY, "-c", str(versions_only(dist)), str(wheel))


def demo_command(options: Sequence[str]) -> Sequence[str]:
    """Give the demo's command line: verified by spanpact, but for options that only print and make no traces."""
    demo = ["python", "-m", "demo", *options]
    only_prints = {"--list", "--help", "-h"} & set(options)
    return demo if only_prints else ["spanpact", "run", "--trees", EXAMPLE_CONTRACTS, "--", *demo]


def test_versions(session: nox.Session, environment: Path, *options: str) -> None:
    """Run the tests that versions may break in an environment; what follows `--` replaces them."""
    chosen_tests = session.posargs or ["--numprocesses=auto", *VERSION_MARKERS, *options, *VERSION_TESTS]
    session.run(program(environment, "python"), "-m", "pytest", "-p", "no:cacheprovider", *chosen_tests)


def browser_variables(session: nox.Session) -> dict[str, str]:
    """Return the variables of tests in a browser: its program, and the packages that drive it."""
    found = (shutil.which(name) for name in CHROMIUM)
    chromium = os.environ.get("SPANPACT_BROWSER") or next(filter(None, found), None)
    if chromium is None:
        session.error("there is no Chromium here: apt-get install chromium, or name one in SPANPACT_BROWSER")
    environment = CACHE / "browser"
    pinned_environment(session, environment, ROOT / "integration" / "browser" / "requirements.txt")
    (packages,) = environment.glob("lib/python*/site-packages")
    return {"SPANPACT_BROWSER": chromium, "PYTHONPATH": str(packages)}


def docs_site(session: nox.Session) -> Path:
    """Build the site of the docs, where a warning is an error, check its links, and return its folder."""
    environment = CACHE / "docs" / "environment"
    sources, site = ROOT / "docs" / "site", CACHE / "docs" / "html"
    pinned_environment(session, environment, sources / "requirements.txt")
    (packages,) = environment.glob("lib/python*/site-packages")
    shutil.rmtree(site, ignore_errors=True)  # what is left of a page that is gone would be a page
    options = ("--quiet", "--fail-on-warning", "--fresh-env", "--conf-dir", str(sources))
    folders = ("--doctree-dir", str(CACHE / "docs" / "doctrees"), str(ROOT), str(site))
    tool(session, "python", "-m", "sphinx", *options, *folders, env={"PYTHONPATH": str(packages)})
    tool(session, "python", "-m", "docs.site.links", str(site))
    return site
