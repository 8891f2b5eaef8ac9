"""The HTML report in a real browser: what it shows, what it does, and what it never runs or loads.

`nox -s browser` runs them, with Playwright in an environment of its own, on the Chromium of this machine.
"""
