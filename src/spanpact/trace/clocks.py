"""Decide how far two times may differ before the difference means something. All times are in nanoseconds."""

from __future__ import annotations


def rounding_ns(resolution_ns: int) -> int:
    """Return by how much a duration may differ from what a source of this resolution shows."""
    return resolution_ns - 1


def allowance_ns(*, tolerance_ns: int, skew_ns: int, resolution_ns: int, same_process: bool) -> int:
    """Return how far the times of two spans may contradict each other (section 6 of docs/contract-format.md).

    `tolerance_ns` and `skew_ns` are the contract's, `resolution_ns` is the source's. The skew of clocks is only
    allowed between processes.
    """
    return tolerance_ns + rounding_ns(resolution_ns) + (0 if same_process else skew_ns)


def two_source_allowance_ns(resolution_ns: int) -> int:
    """Return how far two sources may differ on one time, given the coarser resolution of the two.

    A source of whole microseconds may cut both start and duration: an end is then off by up to two units.
    """
    return 2 * resolution_ns if resolution_ns > 1 else 0
