"""Find the optional distribution `spanpact-core`, unless it is switched off."""

from __future__ import annotations

import importlib
import os
from typing import Any, Final

from spanpact.errors import UsageError

SWITCH: Final = "SPANPACT_CORE"
"""The environment variable that says whether to use the core: `off`, `required`, or where it is installed."""
_VERSION: Final = "0.1.0"
"""The version of the core that this version of spanpact works with: their questions and answers belong together."""
_INTERFACE: Final = 5
"""The number of these: a checkout may have a core of the same version that was built before they changed."""


def find_core() -> Any | None:
    """Return the module of the core; None if it is not installed, of another version, or switched off.

    Raise UsageError if it is required and not there, and for an unknown value of `SWITCH`.
    """
    wanted = _wanted()
    if wanted == "off":
        return None
    module = _installed()
    if module is not None and _fits(module):
        return module
    if wanted == "required":
        raise UsageError(f"{SWITCH}=required: {core_state()}", hint=f"pip install spanpact-core=={_VERSION}")
    return None


def core_state() -> str:
    """Return whether the core is active, in words."""
    if _wanted() == "off":
        return f"without spanpact-core ({SWITCH}=off)"
    module = _installed()
    if module is None:
        return "without spanpact-core, which is not installed"
    if _version(module) != _VERSION:
        return f"without spanpact-core, as {_version(module)} is installed and {_VERSION} is needed"
    if not _fits(module):
        return f"without spanpact-core, as {_VERSION} of another build is installed: build it again (`nox -s core`)"
    return f"with spanpact-core {_VERSION}"


def _wanted() -> str:
    wanted = os.environ.get(SWITCH, "")
    if wanted not in ("", "off", "required"):
        raise UsageError(f"{SWITCH}={wanted}: unknown", hint="accepted: off, required; leave it out otherwise")
    return wanted


def _installed() -> Any | None:
    try:
        return importlib.import_module("spanpact_core")
    except ImportError:
        return None


def _fits(module: Any) -> bool:
    return _version(module) == _VERSION and getattr(module, "INTERFACE", None) == _INTERFACE


def _version(module: Any) -> str:
    """Return the version of what is installed; a folder of this name can be imported, too."""
    return str(getattr(module, "__version__", "another module"))
