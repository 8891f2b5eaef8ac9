"""Checks of several spans of a flow together: `order`, `concurrency`, and `aggregates` of their attributes.

May import: `values`, `attribute_hints`, `clocks`, `context`, `outcomes`.
"""
