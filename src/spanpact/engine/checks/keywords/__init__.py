"""Checks of one span, one file for each family of keywords: `attributes` is the file of `attributes`, and so on.

`leaks` has `forbid` and `except`, with `clean_attributes`; `exceptions` is of `events`; `span_fields` has the single
texts of a span. May import: `values`, `check`, `clocks`, `context`, `outcomes`.
"""
