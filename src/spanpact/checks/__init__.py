"""The checks: one file a family of keywords. Each is a function from a span and its context to outcomes."""
