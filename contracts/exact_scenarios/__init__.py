"""Scenarios beyond those of the contracts: what only the reference implementation is held to, exactly."""
