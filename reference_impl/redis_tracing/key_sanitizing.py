"""Sanitizes Redis keys: a key is shown as the registered template that it matches.

`session:{id}` is shown as `session:*`. A key that matches no template is shown as the constant `[unregistered]` and
counted. Only registered text is shown, never a part of a key, so nothing can leak. Keys are split at the separator; no
regular expression reads them. Source: docs/specification.md S2.2.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import AnyStr, Final, Generic

from reference_impl.vocabulary import SEVERAL, UNREGISTERED

_LITERAL_CHARACTERS: Final = frozenset(string.ascii_letters + string.digits + "_-.")
_RESERVED: Final = "{}*?[]\\"  # of placeholders and globs
_MAX_SEGMENTS: Final = 16
_MAX_LENGTH: Final = 200


@dataclass(frozen=True, slots=True)
class _Template(Generic[AnyStr]):
    """A template, split at the separator: the literal of each segment, None for a placeholder."""

    literals: tuple[AnyStr | None, ...]
    shown: str
    starts: tuple[str, ...]
    """The text shown for a glob that ends at the n-th segment: `("*", "user:*")` for `user:*:sessions`."""

    def fits(self, segments: Sequence[AnyStr]) -> bool:
        """Return whether each segment equals its literal, and is not empty at a placeholder."""
        return len(segments) == len(self.literals) and self.fits_start(segments)

    def fits_start(self, segments: Sequence[AnyStr]) -> bool:
        """Return whether the segments match the beginning of the template."""
        pairs = zip(self.literals, segments, strict=False)
        return all(segment if literal is None else segment == literal for literal, segment in pairs)


@dataclass(frozen=True, slots=True)
class _Table(Generic[AnyStr]):
    """The templates, arranged for look-up by str or bytes keys."""

    separator: AnyStr
    star: AnyStr
    pairs: Mapping[AnyStr, str]
    """The text shown for a template `head:{id}`, the usual kind, by its head."""
    by_head: Mapping[AnyStr, tuple[_Template[AnyStr], ...]]
    """The templates that a key may match, by its first segment; those with more literals first."""
    headless: tuple[_Template[AnyStr], ...]
    """Templates that begin with a placeholder."""

    def find(self, key: AnyStr) -> str | None:
        """Return the text shown for a key, or None if no template matches."""
        head, _, tail = key.partition(self.separator)
        shown = self.pairs.get(head)
        if shown is not None and tail and self.separator not in tail:
            return shown
        segments = key.split(self.separator, _MAX_SEGMENTS)
        return next((t.shown for t in self._candidates(head) if t.fits(segments)), None)

    def find_pattern(self, pattern: AnyStr) -> str | None:
        """Return the text shown for a glob: as for a key; a last `*` also matches all further segments."""
        if pattern == self.star:
            return "*"
        shown = self.find(pattern)
        if shown is not None or not pattern.endswith(self.star):
            return shown
        segments = pattern.split(self.separator, _MAX_SEGMENTS)
        candidates = self._candidates(segments[0])
        return next((t.starts[len(segments) - 1] for t in candidates if self._fits_start(t, segments)), None)

    def _candidates(self, head: AnyStr) -> tuple[_Template[AnyStr], ...]:
        return self.by_head.get(head, self.headless)

    def _fits_start(self, template: _Template[AnyStr], segments: Sequence[AnyStr]) -> bool:
        if not 1 < len(segments) <= len(template.literals) or not template.fits_start(segments[:-1]):
            return False
        return template.literals[len(segments) - 1] is None or segments[-1] == self.star


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
        shown = self._text.find(key) if type(key) is str else None  # nearly every key, by the shortest way
        return self._look_up(key, pattern=False) if shown is None else shown

    def show_pattern(self, pattern: object) -> str:
        """Return the text shown for a glob pattern (SCAN MATCH, KEYS); a lone `*` is shown as it is."""
        return self._look_up(pattern, pattern=True)

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

    def _look_up(self, key: object, *, pattern: bool) -> str:
        try:
            shown = self._find(key, pattern=pattern)
        except Exception:  # a hostile key (its own `__str__`, not UTF-8, too long a number) must not reach the caller
            shown = None
        if shown is None:
            with self._lock:
                self._unregistered += 1
            return UNREGISTERED
        return shown

    def _find(self, key: object, *, pattern: bool) -> str | None:
        if isinstance(key, str):
            plain = key if type(key) is str else str.__str__(key)  # a subclass may override `partition`
            return self._text.find_pattern(plain) if pattern else self._text.find(plain)
        if isinstance(key, (bytes, bytearray, memoryview)):
            raw = key if type(key) is bytes else bytes(key)
            return self._binary.find_pattern(raw) if pattern else self._binary.find(raw)
        return self._text.find(str(key)) if isinstance(key, (int, float)) else None

    def _arrange(self) -> None:
        """Rebuild the look-up tables. Each is replaced as a whole, so that readers need no lock."""
        ordered = sorted(self._shown.items(), key=lambda item: item[1].count(None))
        text = [_Template(parts, shown, _starts(shown, self._separator)) for shown, parts in ordered]
        binary = [_Template(_encoded(t.literals), t.shown, t.starts) for t in text]
        self._text: _Table[str] = _table(text, self._separator, "*")
        self._binary: _Table[bytes] = _table(binary, self._separator.encode(), b"*")


def _starts(shown: str, separator: str) -> tuple[str, ...]:
    segments = shown.split(separator)
    return tuple(separator.join([*segments[:count], "*"]) for count in range(len(segments)))


def _encoded(literals: Iterable[str | None]) -> tuple[bytes | None, ...]:
    return tuple(None if literal is None else literal.encode() for literal in literals)


def _table(templates: Sequence[_Template[AnyStr]], separator: AnyStr, star: AnyStr) -> _Table[AnyStr]:
    heads = {template.literals[0] for template in templates} - {None}
    by_head = {head: tuple(t for t in templates if t.literals[0] in (head, None)) for head in heads if head is not None}
    headless = tuple(t for t in templates if t.literals[0] is None)
    pairs: dict[AnyStr, str] = {}
    for head, candidates in by_head.items():
        two = [t for t in candidates if len(t.literals) == 2]
        if len(two) == 1 and two[0].literals == (head, None):  # else the ordered search must choose
            pairs[head] = two[0].shown
    return _Table(separator, star, pairs, by_head, headless)


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
