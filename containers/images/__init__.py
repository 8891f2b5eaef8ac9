"""The images of the backends: `catalogue` names and pins them, `building` pulls or makes them.

Imports `containers.engine`; `python -m containers.images` is the command line.
"""

from __future__ import annotations

__all__ = ["building", "catalogue", "debian_base", "jaeger_binary"]
