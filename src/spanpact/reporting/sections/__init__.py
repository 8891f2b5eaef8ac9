"""The sections of a text report, each a function that returns lines; other formats use parts of them.

May import: `drawing` and `text_options`.
"""
