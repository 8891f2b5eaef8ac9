"""The example services that `nox -s emitters` verifies, one a language, with the breaks that they can plant."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Emitter:
    """One example service.

    `build` installs and compiles it, and makes the file `built`. `command` starts the shop, `scenarios` the service
    that performs scenarios of the shipped contracts, if there is one. `breaks` maps each value of BREAK for the shop to
    finding keys, `scenario_breaks` for the scenarios: the first must be reported, the others may be.
    """

    language: str
    programs: Sequence[str]
    build: Sequence[str]
    command: Sequence[str]
    breaks: Mapping[str, Sequence[str]]
    built: str = ""
    scenarios: Sequence[str] = ()
    scenario_breaks: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Return the folder of the service."""
        return HERE / self.language


_RAW_KEY: Final = ["redis/attribute-value", "private/privacy-leak"]
_MESSAGE: Final = ["raised/attribute-unexpected", "exception/attribute-unexpected"]

EMITTERS: Final = (
    Emitter(
        "node",
        programs=("node", "npm"),
        build=("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"),
        built="dist/scenarios.js",
        command=("npm", "start", "--silent"),
        breaks={
            "lost-context": ["reserve/span-missing"],
            "missing-status": ["charge/status"],
            "email": ["private/privacy-leak"],
            "missing-await": ["top/order", "integrity/child-late"],
            "wrong-type": ["cart/attribute-type"],
        },
        scenarios=("npm", "run", "scenarios", "--silent"),
        scenario_breaks={
            "traced-twice": ["top/span-extra", "correlated/attribute-missing", "private/privacy-leak"],
            "raw-key": _RAW_KEY,
            "message": _MESSAGE,
        },
    ),
    Emitter(
        "java",
        programs=("java", "javac", "mvn"),
        build=("mvn", "--quiet", "--batch-mode", "package"),
        built="target/classes/Scenarios.class",
        command=("sh", "start.sh"),
        breaks={
            "lost-context": ["reserve/span-missing"],
            "missing-span": ["cart/span-missing"],
            "wrong-kind": ["charge/kind"],
            "email": ["private/privacy-leak"],
            "not-awaited": ["integrity/child-late", "reserved_first/order"],
        },
        scenarios=("sh", "start.sh", "Scenarios"),
        scenario_breaks={"raw-key": _RAW_KEY, "message": _MESSAGE},
    ),
    Emitter(
        "go",
        programs=("go",),
        build=("go", "build", "-o", "build/shop", "."),
        built="build/shop",
        command=("build/shop",),
        breaks={
            "lost-context": ["reserve/span-missing"],
            "missing-status": ["charge/status"],
            "missing-span": ["publish/span-missing"],
            "email": ["private/privacy-leak"],
            "wrong-order": ["top/order", "publish/span-surplus"],
        },
        scenarios=("build/shop", "scenarios"),
        scenario_breaks={"raw-key": _RAW_KEY, "message": _MESSAGE},
    ),
    Emitter(
        "python",
        programs=(),
        build=(sys.executable, "-c", "import opentelemetry.exporter.otlp.proto.http"),
        command=(sys.executable, "-W", "error", "shop.py"),
        breaks={
            "lost-context": ["reserve/span-missing"],
            "wrong-kind": ["charge/kind"],
            "wrong-type": ["cart/attribute-type"],
            "email": ["private/privacy-leak"],
            "not-awaited": ["integrity/child-late", "reserved_first/order"],
        },
    ),
)
