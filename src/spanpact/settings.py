"""Settings of a project: `spanpact.toml`, or the table `[tool.spanpact]` of `pyproject.toml`.

They are looked for in a folder and those above it, up to the folder of the repository (`.git`). They stand in for
options that a command line does not give. Every command looks for them, so that this module imports little and compiles
no pattern before a file has settings.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from spanpact.errors import Place, UsageError

__all__ = ["ABOUT", "NO_SETTINGS", "OWN_FILE", "SHARED_FILE", "Settings", "find_settings"]

OWN_FILE: Final = "spanpact.toml"
SHARED_FILE: Final = "pyproject.toml"
ABOUT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "contracts": "contract files or folders: a text or a list of texts",
        "from": "sources of traces: a text or a list of texts",
        "pack": "packs to judge by: a text or a list of texts",
        "min-score": "a number from 0 to 100",
        "scenarios": "a file with labels of traces: a text",
        "format": "the format of reports: a text",
        "fail-on": "violation, improvement or information",
        "time-limit": "a number of seconds above 0",
        "memory-limit": "a whole number of MiB above 0",
        "strict": "true or false",
        "allow-unseen": "true or false",
    }
)
"""Each setting with the values that it accepts."""
_LISTS: Final = ("contracts", "from", "pack")
_TEXTS: Final = ("scenarios", "format")
_NUMBERS: Final[Mapping[str, Callable[[float], bool]]] = {
    "min-score": lambda value: 0 <= value <= 100,
    "time-limit": lambda value: 0 < value < math.inf,
    "memory-limit": lambda value: isinstance(value, int) and value > 0,
}
_SOURCE_SCHEME: Final = r"[a-z][a-z0-9+.-]+:|-$"
_HEADER: Final = r"\s*\[+([^\]]+)\]"
_KEY: Final = r"\s*([^=#]+?)\s*="
_AT: Final = r"(.*) \(at line (\d+), column (\d+)\)"


class Settings(NamedTuple):
    """The settings of one file, by name; paths are relative to the working directory. `file` is "" without a file."""

    file: str = ""
    values: Mapping[str, Any] = MappingProxyType({})


NO_SETTINGS: Final = Settings()


def find_settings(folder: str | os.PathLike[str] = ".") -> Settings:
    """Return the settings that are in force in a folder.

    Raise UsageError, with line and column, for a file that is not TOML, an unknown setting and a wrong value.
    """
    try:
        start = Path(folder).absolute()
    except FileNotFoundError:  # the working directory has been removed
        return NO_SETTINGS
    for each in (start, *start.parents):
        for name in (OWN_FILE, SHARED_FILE):
            if (found := _read(each / name)) is not None:
                return found
        if (each / ".git").exists():
            break
    return NO_SETTINGS


def _read(file: Path) -> Settings | None:
    """Return the settings of a file; None if there is no such file, or no table of ours in it."""
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        if file.name == SHARED_FILE:
            return None  # of other tools: they tell
        raise UsageError(f"cannot read {_shown(file)}: {error}") from None
    shared = file.name == SHARED_FILE
    if shared and "spanpact" not in text:
        return None
    import tomllib

    try:
        document: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(file, str(error)) from None
    if shared:
        tools = document.get("tool", {})
        document = tools.get("spanpact") if isinstance(tools, dict) else None
        if document is None:
            return None
    place = _Places(file, text, "tool.spanpact" if shared else "")
    if not isinstance(document, dict):
        raise UsageError(f"{place.of('')}: `tool.spanpact` must be a table")
    return Settings(_shown(file), {name: _value(name, value, file, place) for name, value in document.items()})


def _value(name: str, value: Any, file: Path, place: _Places) -> Any:
    if name not in ABOUT:
        from difflib import get_close_matches

        near = get_close_matches(name, ABOUT, 1)
        meant = f"did you mean `{near[0]}`? " if near else ""
        raise UsageError(f"{place.of(name)}: unknown setting `{name}`", hint=f"{meant}accepted: {', '.join(ABOUT)}")
    values = [value] if isinstance(value, str) else value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if name in _LISTS:
        fits = isinstance(values, list) and all(isinstance(each, str) and each for each in values)
    elif name == "fail-on":
        fits = value in ("violation", "improvement", "information")
    elif name in _TEXTS:
        fits = isinstance(value, str) and bool(value)
    elif name in _NUMBERS:
        fits = is_number and _NUMBERS[name](value)
    else:
        fits = isinstance(value, bool)
    if not fits:
        raise UsageError(f"{place.of(name)}: `{name}` cannot be {str(value)[:64]!r}", hint=f"accepted: {ABOUT[name]}")
    if name in ("contracts", "from"):
        return [_path(each, file.parent, may_be_url=name == "from") for each in values]
    return _path(value, file.parent) if name == "scenarios" else values if name in _LISTS else value


def _path(text: str, folder: Path, *, may_be_url: bool = False) -> str:
    """Return a path that the file names, relative to the working directory."""
    if folder == Path.cwd() or os.path.isabs(text) or (may_be_url and re.match(_SOURCE_SCHEME, text)):
        return text
    return os.path.relpath(folder / text)


def _shown(file: Path) -> str:
    return os.path.relpath(file)


def _syntax_error(file: Path, message: str) -> UsageError:
    match = re.fullmatch(_AT, message)
    where, what = (f":{match[2]}:{match[3]}", match[1]) if match else ("", message)
    return UsageError(f"{_shown(file)}{where}: this is not TOML: {what}")


class _Places:
    """Where keys of a table are in a file: `tomllib` does not tell."""

    def __init__(self, file: Path, text: str, table: str) -> None:
        self._file, self._text = file, text
        self._table = table.split(".") if table else []

    def of(self, key: str) -> Place:
        """Return the place of a key of the table, or of a table below it; that of the table if it is on its line."""
        wanted, own = [*self._table, key], (1, 1)
        current: list[str] = []
        for number, line in enumerate(self._text.splitlines(), 1):
            header, pair = re.match(_HEADER, line), re.match(_KEY, line)
            if header:
                path = current = _parts(header[1])
            elif pair:
                path = [*current, *_parts(pair[1])]
            else:
                continue
            if path[: len(wanted)] == wanted:
                return Place(_shown(self._file), number, line.index(key) + 1)
            if path == self._table and path:
                own = number, len(line) - len(line.lstrip()) + 1
        return Place(_shown(self._file), *own)


def _parts(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]
