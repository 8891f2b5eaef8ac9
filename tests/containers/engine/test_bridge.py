"""A bridge of an engine's own: real ones, made in a network namespace that goes with the process."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from containers.engine import bridge
from containers.ladder import BackendUnavailable

ROOT = Path(__file__).parents[3]
ROUTES = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n"
NAMESPACE = ["unshare", "--user", "--map-root-user", "--net"]


def may_make_namespaces() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


def in_namespace(code: str) -> Any:
    """Run code, which prints JSON, in a network of its own, where nothing is but the loopback."""
    given = (
        "import json, socket\nfrom containers.engine import bridge\n"
        "names = lambda: [n for _, n in socket.if_nameindex()]\n"
    )
    done = subprocess.run(
        [*NAMESPACE, sys.executable, "-c", given + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


needs_namespaces = pytest.mark.skipif(not may_make_namespaces(), reason="no network namespace can be made here")


@needs_namespaces
def test_it_has_an_address_and_is_up_for_as_long_as_the_context() -> None:
    during, reachable, after = in_namespace(
        """
        with bridge.temporary_bridge() as name:
            during = names()
            routes = [str(route) for route in bridge._routes()]
        print(json.dumps([during, routes, names()]))
        """
    )
    assert during == ["lo", "spanpact0"]
    assert reachable == ["172.31.240.0/24"]  # there is a route only to a bridge that is up
    assert after == ["lo"]


@needs_namespaces
def test_a_second_one_has_other_addresses_and_outlives_the_first() -> None:
    second, reachable, left = in_namespace(
        """
        first = bridge.temporary_bridge()
        first.__enter__()
        with bridge.temporary_bridge() as second:
            routes = sorted(str(route) for route in bridge._routes())
            first.__exit__(None, None, None)
            print(json.dumps([second, routes, names()]))
        """
    )
    assert second == "spanpact1"
    assert reachable == ["172.31.240.0/24", "172.31.241.0/24"]
    assert left == ["lo", "spanpact1"]


@needs_namespaces
def test_what_a_killed_engine_left_can_be_removed_twice() -> None:
    code = "bridge._make(); before = names(); bridge.remove('spanpact0'); bridge.remove('spanpact0')"
    assert in_namespace(f"{code}\nprint(json.dumps([before, names()]))") == [["lo", "spanpact0"], ["lo"]]


def test_a_subnet_with_a_route_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bytes] = []
    routes = tmp_path / "route"
    # By way of a gateway everything is reached; 172.31.240.0/23 holds the first two.
    routes.write_text(ROUTES + "eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\n")
    routes.write_text(routes.read_text() + "eth1\t00F01FAC\t00000000\t0001\t0\t0\t0\t00FEFFFF\n")
    monkeypatch.setattr(bridge, "_ROUTES", routes)
    monkeypatch.setattr(bridge, "_call", lambda _call, argument: made.append(argument))
    assert bridge._make() == "spanpact2"
    assert made[0].rstrip(b"\0") == b"spanpact2"


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        (PermissionError(1, "Operation not permitted"), "Operation not permitted"),
        (FileExistsError(17, "File exists"), "each of spanpact0 to spanpact15, or its subnet, is in use"),
    ],
    ids=repr,
)
def test_where_none_can_be_made_it_says_why(monkeypatch: pytest.MonkeyPatch, refusal: OSError, why: str) -> None:
    def refused(_call: int, _argument: bytes) -> None:
        raise refusal

    monkeypatch.setattr(bridge, "_call", refused)
    with pytest.raises(BackendUnavailable, match=f"no network bridge can be made: {why}"):
        bridge.temporary_bridge().__enter__()
