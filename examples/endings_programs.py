"""The programs whose endings are counted, one a language or SDK."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent / "endings"
NPM: Final = ("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
ENVIRONMENTS: Final = Path(__file__).parents[1] / ".nox" / "endings"
MAVEN: Final = ("mvn", "--quiet", "--batch-mode", "package")


@dataclass(frozen=True, slots=True)
class Program:
    """One program: the folder of its source, how it is built and started, and what it needs beside `spanpact run`.

    `variables` are set for it; `needs` says so in the table. `sdk` names what `version` in the resource is of.
    """

    name: str
    sdk: str
    build: Sequence[str]
    command: Sequence[str]
    requires: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    needs: str = "nothing"
    version: str = "telemetry.sdk.version"
    folder: str = ""

    @property
    def path(self) -> Path:
        """Return the folder of the program."""
        return HERE / (self.folder or self.name)


def python_program(name: str) -> Program:
    """Return a program in Python whose requirements are installed in an environment of its own."""
    environment = ENVIRONMENTS / name
    python = str(environment / "bin" / "python")
    script = '"$0" -m venv "$1" && "$2" -m pip install --quiet -r requirements.txt'
    build = ("sh", "-c", script, sys.executable, str(environment), python)
    return Program(name, name.removeprefix("python-"), build=build, command=(python, "work.py"))


PROGRAMS: Final = (
    Program("python", "opentelemetry-sdk", build=(), command=(sys.executable, "work.py")),
    python_program("python-logfire"),
    python_program("python-ddtrace"),
    Program("node", "@opentelemetry/sdk-node", requires=("node", "npm"), build=NPM, command=("node", "work.js")),
    Program(
        "node-auto",
        "auto-instrumentations-node",
        requires=("node", "npm"),
        build=NPM,
        command=("node", "--require", "@opentelemetry/auto-instrumentations-node/register", "auto.js"),
        folder="node",
    ),
    Program(
        "deno",
        "deno",
        requires=("npm",),
        build=NPM,
        command=("node_modules/.bin/deno", "run", "--allow-all", "work.ts"),
        variables={"OTEL_DENO": "true"},
        needs="`OTEL_DENO=true`",
    ),
    Program(
        "go",
        "opentelemetry-go",
        requires=("go",),
        build=("go", "build", "-o", "build/work", "."),
        command=("build/work",),
    ),
    Program(
        "rust",
        "opentelemetry_sdk",
        requires=("cargo",),
        build=("cargo", "build", "--quiet", "--release"),
        command=("target/release/endings",),
    ),
    Program(
        "spring-boot",
        "spring-boot-starter-opentelemetry 4.0.7, opentelemetry",
        requires=("java", "mvn"),
        build=MAVEN,
        command=("java", "-jar", "target/endings-1.0.0.jar"),
    ),
    Program(
        "quarkus",
        "quarkus-opentelemetry 3.34.1, opentelemetry",
        requires=("java", "mvn"),
        build=MAVEN,
        command=("java", "-jar", "target/quarkus-app/quarkus-run.jar"),
        variables={"OTEL_TRACES_EXPORTER": "cdi", "OTEL_LOGS_EXPORTER": "cdi"},
        needs="`OTEL_TRACES_EXPORTER=cdi`, `OTEL_LOGS_EXPORTER=cdi`",
    ),
    Program(
        "java-agent",
        "opentelemetry-javaagent",
        requires=("java", "mvn"),
        build=MAVEN,
        command=("sh", "start.sh"),
        version="telemetry.distro.version",
    ),
)
