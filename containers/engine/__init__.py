"""The Docker engine of this machine: `api` sends requests to it, `running` starts one where none answers.

Standard library only, because `python -m containers.engine` runs before any environment is made.
"""

from __future__ import annotations

__all__ = ["api", "bridge", "daemon", "running"]
