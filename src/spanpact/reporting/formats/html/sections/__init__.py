"""The sections of the page, each a function that returns HTML: `run`, `findings` and `contracts`."""
