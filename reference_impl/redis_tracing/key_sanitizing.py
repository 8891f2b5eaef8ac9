"""Sanitizes Redis keys: a key is shown as the registered template that it matches.

`session:{id}` is shown as `session:*`. A key that matches no template is shown as the constant `[unregistered]` and
counted. Only registered text is shown, never a part of a key, so nothing can leak. Keys are split at the separator; no
regular expression reads them. Source: docs/specification.md S2.2.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

from reference_impl.vocabulary import SEVERAL, UNREGISTERED

_LITERAL_CHARACTERS: Final = frozenset(string.ascii_letters + string.digits + "_-.")
_RESERVED: Final = "{}*?[]\\"  # of placeholders and globs
_MAX_SEGMENTS: Final = 16
_MAX_LENGTH: Final = 200


@dataclass(frozen=True, slots=True)
class _Template:
    """A template, split at the separator: the literal of each segment, None for a placeholder."""

    literals: tuple[str | None, ...]
    shown: str

    def fits(self, segments: Sequence[str]) -> bool:
        """Return whether each segment equals its literal, and is not empty at a placeholder."""
        return len(segments) == len(self.literals) and self._fits_start(segments)

    def fits_glob(self, segments: Sequence[str]) -> bool:
        """Return whether keys of a glob that ends with `*`, split like this, can match the template."""
        last = len(segments) - 1
        if not 1 <= last < len(self.literals) or not self._fits_start(segments[:-1]):
            return False
        return self.literals[last] is None or segments[last] == "*"

    def _fits_start(self, segments: Sequence[str]) -> bool:
        pairs = zip(self.literals, segments, strict=False)
        return all(segment if literal is None else segment == literal for literal, segment in pairs)


class KeyTemplates:
    """The registered key templates of a service, and a count of the keys that matched none.

    A template is segments joined by the separator. Each is a literal (letters, digits, `_`, `-`, `.`) or one
    placeholder `{name}`, which matches one non-empty segment; at least one segment is a literal. If several templates
    match a key, the one with more literals is shown. May be shared between threads and tasks.
    """

    def __init__(self, *templates: str, separator: str = ":") -> None:
        """Register the templates. Raise ValueError for the first bad one."""
        if len(separator) != 1 or separator in _LITERAL_CHARACTERS or separator in _RESERVED or not separator.isascii():
            raise ValueError(f"separator {separator!r}: one ASCII character that no segment and no glob can hold")
        self._separator = separator
        self._shown: dict[str, tuple[str | None, ...]] = {}
        self._lock = Lock()
        self._unregistered = 0
        self._arrange()
        for template in templates:
            self.register(template)

    def register(self, template: str) -> str:
        """Add a template and return the text shown for its keys. Adding one again changes nothing.

        Raise ValueError for a bad template.
        """
        literals = _parse(template, self._separator)
        shown = self._separator.join("*" if literal is None else literal for literal in literals)
        with self._lock:
            self._shown[shown] = literals
            self._arrange()
        return shown

    def show(self, key: object) -> str:
        """Return the text shown for a key; never raise. Keys that match no template are counted."""
        if type(key) is str:  # nearly every key, by the shortest way
            head, _, tail = key.partition(self._separator)
            shown = self._pairs.get(head)
            if shown is not None and tail and self._separator not in tail:
                return shown
        return self._look_up(key, self._find)

    def show_pattern(self, pattern: object) -> str:
        """Return the text shown for a glob pattern (SCAN MATCH, KEYS); a lone `*` is shown as it is."""
        return self._look_up(pattern, self._find_pattern)

    def show_all(self, keys: Iterable[object]) -> str | None:
        """Return the text shown for all keys together: `[several]` if they differ, None without keys."""
        common: str | None = None
        for key in keys:
            shown = self.show(key)
            if common is None:
                common = shown
            elif shown != common:
                return SEVERAL
        return common

    @property
    def shown(self) -> tuple[str, ...]:
        """Return all texts that `show` can return besides `[unregistered]`, in the order of registration."""
        return tuple(self._shown)

    @property
    def unregistered(self) -> int:
        """Return how many look-ups matched no template so far."""
        return self._unregistered

    def __repr__(self) -> str:
        return f"<KeyTemplates {', '.join(self._shown) or 'none'}; {self._unregistered} unregistered>"

    def _look_up(self, key: object, find: Callable[[str], str | None]) -> str:
        try:
            shown = find(_as_text(key))
        except Exception:  # a hostile key (its own `__str__`, too long a number) must not reach the caller
            shown = None
        if shown is None:
            with self._lock:
                self._unregistered += 1
            return UNREGISTERED
        return shown

    def _find(self, key: str) -> str | None:
        segments = key.split(self._separator, _MAX_SEGMENTS)
        return next((template.shown for template in self._templates if template.fits(segments)), None)

    def _find_pattern(self, pattern: str) -> str | None:
        """Return the text shown for a glob: as for a key; a last `*` also matches all further segments."""
        if pattern == "*":
            return "*"
        shown = self._find(pattern)
        if shown is not None or not pattern.endswith("*"):
            return shown
        segments = pattern.split(self._separator, _MAX_SEGMENTS)
        found = next((template for template in self._templates if template.fits_glob(segments)), None)
        if found is None:
            return None
        return self._separator.join([*found.shown.split(self._separator)[: len(segments) - 1], "*"])

    def _arrange(self) -> None:
        """Rebuild the look-up tables. Each is replaced as a whole, so that readers need no lock."""
        ordered = sorted(self._shown.items(), key=lambda item: item[1].count(None))
        self._templates = tuple(_Template(literals, shown) for shown, literals in ordered)
        pairs: dict[str, str] = {}
        two = [template for template in self._templates if len(template.literals) == 2]
        for head in {template.literals[0] for template in two} - {None}:
            rivals = [template for template in two if template.literals[0] in (head, None)]
            if head is not None and len(rivals) == 1 and rivals[0].literals[1] is None:
                pairs[head] = rivals[0].shown  # else the ordered search must choose
        self._pairs = pairs
        """The text shown for a template `head:{id}`, the usual kind, by its head."""


def _as_text(key: object) -> str:
    if isinstance(key, str):
        return str.__str__(key)  # a subclass may override `split`
    if isinstance(key, (bytes, bytearray, memoryview)):
        return str(key, "latin-1")  # templates are ASCII: other bytes need only stay what they are, one character each
    return str(key) if isinstance(key, (int, float)) else ""


def _parse(template: str, separator: str) -> tuple[str | None, ...]:
    """Return the literals of a template, None for each placeholder. Raise ValueError for a bad template."""
    if not template or len(template) > _MAX_LENGTH:
        raise ValueError(f"key template of {len(template)} characters: 1 to {_MAX_LENGTH} are accepted")
    segments = template.split(separator)
    if len(segments) > _MAX_SEGMENTS:
        raise ValueError(f"key template {template!r}: {len(segments)} segments, at most {_MAX_SEGMENTS} are accepted")
    literals = tuple(_literal(template, segment) for segment in segments)
    if all(literal is None for literal in literals):
        raise ValueError(f"key template {template!r}: at least one segment must be a literal")
    return literals


def _literal(template: str, segment: str) -> str | None:
    if segment.startswith("{") and segment.endswith("}") and segment[1:-1].isidentifier():
        return None
    if segment and _LITERAL_CHARACTERS.issuperset(segment):
        return segment
    raise ValueError(
        f"key template {template!r}: segment {segment!r} is neither a literal (letters, digits, `_`, `-`, `.`) "
        "nor one placeholder such as `{id}`"
    )
