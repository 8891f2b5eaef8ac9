"""Faults that need a server, a proxy or a signal, named by their ids (docs/reliability.md)."""
