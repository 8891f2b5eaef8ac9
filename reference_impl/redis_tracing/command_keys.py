"""Which arguments of a Redis command are its keys: at fixed places, after a count, or among options.

Among options, the place of each follows from the command's grammar, as a group, a member or a value may be called like
an option. A test compares this with a real server's reply to COMMAND GETKEYS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

Arguments: TypeAlias = Sequence[object]
"""The arguments after the command's name (and its subcommand's)."""

Keys: TypeAlias = Callable[[Arguments], Arguments]
"""Selects the keys among the arguments. Raises ValueError or IndexError where the arguments do not fit the command."""


def first_key(arguments: Arguments) -> Arguments:
    """Return the first argument, the key of most commands."""
    return arguments[:1]


def first_two(arguments: Arguments) -> Arguments:
    """Return the first two arguments."""
    return arguments[:2]


def all_arguments(arguments: Arguments) -> Arguments:
    """Return all arguments."""
    return arguments


def all_but_first(arguments: Arguments) -> Arguments:
    """Return all but the first argument."""
    return arguments[1:]


def all_but_last(arguments: Arguments) -> Arguments:
    """Return all but the last argument."""
    return arguments[:-1]


def every_other(arguments: Arguments) -> Arguments:
    """Return the first of each pair of arguments."""
    return arguments[::2]


def counted(before: int, *, first_too: bool = False) -> Keys:
    """Return a function that selects the keys after a count, which follows `before` arguments; or the first too."""

    def keys(arguments: Arguments) -> Arguments:
        count = int(str(arguments[before]))
        found = arguments[before + 1 : before + 1 + count]
        return [arguments[0], *found] if first_too else found

    return keys


def counted_pairs(arguments: Arguments) -> Arguments:
    """Return the keys of as many pairs of key and value as the first argument says."""
    return arguments[1 : 1 + 2 * int(str(arguments[0])) : 2]


def sorted_and_stored(arguments: Arguments) -> Arguments:
    """Return the keys of SORT: the one that is sorted, and the last one after STORE."""
    return _with_destination(arguments, 1, {"LIMIT": 2, "GET": 1, "BY": 1}, ("STORE",))


def located_and_stored(arguments: Arguments) -> Arguments:
    """Return the keys of GEORADIUS and GEORADIUSBYMEMBER: the one that is searched, and the last one stored to."""
    return _with_destination(arguments, 4, {"COUNT": 1}, ("STORE", "STOREDIST"))


def _with_destination(
    arguments: Arguments, start: int, widths: Mapping[str, int], destinations: Sequence[str]
) -> Arguments:
    """Return the first argument, and what follows the last destination word among the options from `start` on.

    `widths` are the numbers of values that other options have: a value may look like an option.
    """
    stored, i = None, start
    while i < len(arguments) - 1:
        option = _option(arguments[i])
        if option in destinations:
            stored = arguments[i + 1]
        i += 1 + (1 if option in destinations else widths.get(option, 0))
    return [arguments[0], stored] if stored is not None else arguments[:1]


_READ_WIDTHS: Final = {"BLOCK": 1, "COUNT": 1, "GROUP": 2}


def streams_read(arguments: Arguments) -> Arguments:
    """Return the first half of the arguments after STREAMS; the second half are entry ids."""
    i = 0
    while (option := _option(arguments[i])) != "STREAMS":
        i += 1 + _READ_WIDTHS.get(option, 0)
    rest = arguments[i + 1 :]
    return rest[: len(rest) // 2]


def _option(word: object) -> str:
    """Return an option's name in upper case, "" for what is no word."""
    if isinstance(word, bytes):
        return str(word, "ascii", "replace").upper()
    return word.upper() if isinstance(word, str) else ""


def match_pattern(arguments: Arguments) -> Arguments:
    """Return the pattern of SCAN and CLUSTERSCAN, `*` if it has none."""
    words = [word.upper() if isinstance(word, (str, bytes)) else word for word in arguments]
    places = [i for i in range(1, len(words) - 1, 2) if words[i] in ("MATCH", b"MATCH")]
    return [arguments[places[0] + 1]] if places else ["*"]
