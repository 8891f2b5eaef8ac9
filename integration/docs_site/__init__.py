"""The built site of the docs in a browser: `nox -s docs -- --browser`."""
