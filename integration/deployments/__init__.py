"""The files of deployments/ on real parts: `nox -s deployments`."""
