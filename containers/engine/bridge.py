"""Make a network bridge for one Docker engine alone, with the kernel's ioctl calls: no program is needed.

Engines that share a bridge allocate its addresses independently, so that two containers get the same address. This
also happens after an engine was killed: its network namespaces stay, and answer at their addresses.
"""

from __future__ import annotations

import fcntl
import ipaddress
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from containers.ladder import BackendUnavailable

__all__ = ["SUBNETS", "remove", "temporary_bridge"]

# A name always has the same subnet, so that a firewall's rules for it are the same at every start.
SUBNETS = {f"spanpact{index}": ipaddress.IPv4Network(f"172.31.{240 + index}.0/24") for index in range(16)}
"""The names that a bridge of this project can have, each with its subnet."""
_ROUTES = Path("/proc/net/route")
# linux/sockios.h and linux/if.h
_ADD_BRIDGE, _DELETE_BRIDGE = 0x89A0, 0x89A1
_SET_ADDRESS, _SET_NETMASK, _SET_FLAGS = 0x8916, 0x891C, 0x8914
_UP = 1


@contextmanager
def temporary_bridge() -> Iterator[str]:
    """Make a bridge, assign it an address and bring it up for as long as the context lasts. Yield its name.

    Raise `BackendUnavailable` without root, or where no subnet of `SUBNETS` is free.
    """
    name = _make()
    try:
        yield name
    finally:
        remove(name)


def remove(name: str) -> None:
    """Remove a bridge, whatever is connected to it, if it exists."""
    with suppress(OSError):
        _set(_SET_FLAGS, name, struct.pack("=h", 0))  # a bridge that is up cannot be removed
        _call(_DELETE_BRIDGE, _padded(name))


def _make() -> str:
    routes = _routes()
    for name, subnet in SUBNETS.items():
        if any(subnet.overlaps(route) for route in routes):
            continue
        try:
            _call(_ADD_BRIDGE, _padded(name))
            _set(_SET_ADDRESS, name, _address(subnet.network_address + 1))
            _set(_SET_NETMASK, name, _address(subnet.netmask))
            _set(_SET_FLAGS, name, struct.pack("=h", _UP))
        except FileExistsError:  # another engine's, which may have been killed
            continue
        except OSError as error:
            remove(name)
            raise BackendUnavailable(f"no network bridge can be made: {error.strerror}") from error
        return name
    taken = f"{next(iter(SUBNETS))} to {list(SUBNETS)[-1]}"
    raise BackendUnavailable(f"no network bridge can be made: each of {taken}, or its subnet, is in use")


def _routes() -> list[ipaddress.IPv4Network]:
    """Return the networks that this machine has routes to, without the default route."""
    lines = [line.split() for line in _ROUTES.read_text().splitlines()[1:]]
    found = [(_from_kernel(line[1]), _from_kernel(line[7])) for line in lines]
    return [ipaddress.IPv4Network(f"{address}/{netmask}") for address, netmask in found if int(netmask)]


def _from_kernel(text: str) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(struct.pack("=I", int(text, 16)))


def _address(address: ipaddress.IPv4Address) -> bytes:
    return struct.pack("=HH4s", socket.AF_INET, 0, address.packed)


def _padded(name: str) -> bytes:
    return name.encode().ljust(16, b"\0")


def _set(call: int, name: str, value: bytes) -> None:
    _call(call, (_padded(name) + value).ljust(40, b"\0"))


def _call(call: int, argument: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, call, argument)
