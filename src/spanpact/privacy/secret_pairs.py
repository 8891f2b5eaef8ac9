"""A secret next to its name: `password=hunter2`, `"api_key": "..."`, `--token x`, a cookie, an attribute's value."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from spanpact.privacy.candidates import Candidate, LazyPattern, Range
from spanpact.privacy.placeholders import is_example, is_placeholder
from spanpact.privacy.secret_values import PASSWORD, SCHEMES, TOKEN, cookies, is_mixed, is_no_secret

_SHORT: Final = "pass|pin|otp|cvv2?|cvc2?"
_NAMES: Final = rf"(?:{PASSWORD}|{TOKEN}|{_SHORT}|authorization)"
_BETWEEN: Final = r"_?[\"'\]]{0,2}\s{0,3}(?:=>|:=|->|==?|:|>)\s{0,3}"
_SESSIONS: Final = r"jsessionid|phpsessid|asp\.net_sessionid|connect\.sid|laravel_session|_session_id"
SECRET_TRIGGER: Final = (
    r"(?i)(?:pass[a-z_-]*|pwd|pswd|secret[a-z_-]*|token|[_-]?key(?:_base)?|credentials?|otp|pin|cv[vc]2?|authorization)"
    r"_?[\"'\]]{0,2}\s{0,3}(?:[=:>]|->)"
    r"|--[a-z0-9-]*(?:pass|pwd|pswd|secret|token|key|credential)|password\s|passphrase\s|identified\s|requirepass|masterauth"
    r"|(?:^|\n)auth\s|basic\s|sessi?o?n?_?id|connect\.sid|laravel_s|cookie|(?:\s|^)(?:-u|--user)[ =]|(?:key|name)=[\"']"
)
SECRET_PAIR: Final = (
    rf"(?i){_NAMES}{_BETWEEN}[^\s]"
    rf"|--[a-z0-9-]*(?:{PASSWORD}|{TOKEN})(?:\s+|,\s{{0,2}})[^\s-]"
    r"|(?:identified\s+by|password|passphrase|requirepass|masterauth)\s+(?:is\s+|was\s+|password\s+|for\s+\S+\s*=\s*)?\S"
    r"|(?:^|\n)auth\s+\S"
    r"|\bbasic\s+[A-Za-z0-9+/_-]{6,}"
    rf"|(?:{_SESSIONS})=[^\s;&]"
    r"|(?:set-)?cookie2?[\"']?\s{0,2}[:=]\s{0,2}\S"
    r"|(?:\s|^)(?:-u|--user)[ =]\S+:\S"
    rf"|(?:key|name)=[\"'](?:{_NAMES})[\"']\s+value=[\"']\S"
)
_WINDOW: Final = 256
_LONGEST_COOKIE: Final = 1024
_PAIR: Final = LazyPattern(rf"(?P<key>{_NAMES})(?P<between>{_BETWEEN})(?=\S)", re.I)
_OPTION: Final = LazyPattern(r"--[a-z0-9-]*(?:\s+|,\s*)", re.I)
_STATEMENT: Final = LazyPattern(
    r"(?P<word>identified\s+by|password|passphrase|requirepass|masterauth)(?P<is>\s+(?:is|was))?\s+"
    r"(?:password\s+|for\s+\S+\s*=\s*)?(?=[^\s:=>-])",
    re.I,
)
_QUOTED: Final = LazyPattern(r"(?P<quote>\\{0,3}[\"'`])(?P<value>.*?)(?P=quote)", re.S)
_BARE: Final = LazyPattern(r"[^\s&;,\"'`<>|\])}]+")
_REST: Final = LazyPattern(r"[^\n]*")
_BEFORE_KEY: Final = LazyPattern(r"[A-Za-z0-9_.-]*\Z")
_NO_PREFIX: Final = LazyPattern(
    r"(?:^|[_.-])(?:no|has|is|forgot|reset|invalid|missing|wrong|need|needs|using|unexpected|max|min|num|total|count|next|"
    r"prev|page|continuation|cursor|sync|stop|end|eos|bos|pad|unk|first|last|per|hidden|old|show|hash|public|publickey|cancellation)"
    r"[_.-]?\Z",
    re.I,
)
_NO_WORD: Final = LazyPattern(
    r"(?:unexpected|invalid|missing|expired|unknown|bad|wrong|no|using|illegal|empty|forgot|unsupported|of|type|scope|next)"
    r"[\s\"'(]+\Z",
    re.I,
)


def secret_pairs(found: Candidate) -> Iterator[Range]:
    """Return the secret at a candidate, without its name."""
    text, start = found.text, found.start
    if text[start].isspace():
        start += 1
    window = text[start : start + _WINDOW]
    lower = window[:24].lower()
    if lower.startswith("basic"):
        yield from _basic(text, start)
    elif re.match(r"(?:set-)?cookie", lower):
        stop = re.compile(r"[\n\"']").search(text, start + 14, start + _LONGEST_COOKIE)
        yield from cookies(text, start, stop.start() if stop else min(len(text), start + _LONGEST_COOKIE))
    elif re.match(rf"(?:{_SESSIONS})=", lower):
        yield from _plain_value(text, start + window.index("=") + 1, eager=True)
    elif lower.startswith(("-u", "--user")) and not lower.startswith("--user-"):
        yield from _user(text, found)
    elif lower.startswith(("key=", "name=")):
        value = re.search(r"value=", window)
        if value:
            yield from _plain_value(text, start + value.end(), eager=True)
    elif re.match(r"auth\s", lower):
        yield from _redis_auth(text, start)
    elif option := _OPTION.regex.match(window):
        yield from _plain_value(text, start + option.end(), eager=True)
    elif statement := _STATEMENT.regex.match(window):
        yield from _in_statement(text, start, statement)
    else:
        yield from _named(text, start)


def _named(text: str, start: int) -> Iterator[Range]:
    pair = _PAIR.regex.match(text, start)
    if pair is None:
        return
    key, between = pair["key"].lower(), pair["between"]
    prefix = _BEFORE_KEY.regex.search(text, max(0, start - 64), start)
    before = prefix[0] if prefix else ""
    ahead = text[max(0, start - len(before) - 24) : start - len(before)]
    if _NO_PREFIX.regex.search(before) or _NO_WORD.regex.search(ahead):
        return
    if not before and ":" in between and ahead.endswith(("$", "@", "{")):  # a variable of GraphQL or SQL
        return
    short = re.fullmatch(_SHORT, key) is not None
    if short and before and before[-1].isalpha():
        return
    position = pair.end()
    if key == "authorization":
        yield from _authorization(text, position)
        return
    if (
        ">" in between
        and "->" not in between
        and "=>" not in between
        and not text.startswith("</", _end(text, position))
    ):
        return
    if between.startswith(":") and text.startswith("//", position):
        return
    if re.fullmatch("pin|otp|cv[vc]2?", key):
        digits = re.compile(r"[\"']?(\d{3,8})(?![\w.-])").match(text, position)
        if digits:
            yield digits.span(1)
        return
    quoted = bool(re.search(r"[\"']", between))
    yield from _plain_value(
        text, position, eager=re.fullmatch(PASSWORD + "|pass", key) is not None,
        spaced=between[-1].isspace() and not quoted, keyed=quoted,
    )  # fmt: skip


def _end(text: str, position: int) -> int:
    value = _BARE.regex.match(text, position)
    return value.end() if value else position


def _plain_value(
    text: str, position: int, *, eager: bool, spaced: bool = False, keyed: bool = False
) -> Iterator[Range]:
    """Return the value that begins at a position. Where the name says little, it must look like a secret (`eager`)."""
    if text[position : position + 1] == "+":  # a space of a form
        position, spaced = position + 1, True
    quoted = _QUOTED.regex.match(text, position, position + _WINDOW)
    if quoted:
        value, (start, end) = quoted["value"], quoted.span("value")
        if value != value.strip() or "\n" in value:
            return
    else:
        bare = _BARE.regex.match(text, position, position + _WINDOW)
        if bare is None:
            return
        value = bare[0].partition("+")[0] if text[position - 1] == "+" else bare[0]
        value = value.rstrip(".:?\\") if eager else value.rstrip(".!:?\\")
        start, end = bare.start(), bare.start() + len(value)
    if is_no_secret(value, code=not quoted) or (quoted is None and text[position] in "([{<‹"):
        return
    if quoted and re.fullmatch(r"(?:[A-Za-z]+ ){2,}[A-Za-z]+", value) and not eager:
        return
    loose = eager and not (spaced and not quoted)
    long = len(value) >= 6
    if loose or (is_mixed(value) and (eager or long)) or (keyed and quoted and long and " " not in value):
        yield start, end


def _in_statement(text: str, start: int, statement: re.Match[str]) -> Iterator[Range]:
    position = start + statement.end()
    if re.search(r"\w\Z", text[max(0, start - 1) : start]) or _NO_WORD.regex.search(text[max(0, start - 24) : start]):
        return
    quoted = _QUOTED.regex.match(text, position, position + _WINDOW)
    word = statement["word"].lower()
    if quoted or word in ("requirepass", "masterauth"):
        yield from _plain_value(text, position, eager=True)
    elif statement["is"]:
        bare = _BARE.regex.match(text, position)
        if bare and re.search(r"\d", bare[0]) and is_mixed(bare[0]):
            yield from _plain_value(text, position, eager=True)


def _authorization(text: str, position: int) -> Iterator[Range]:
    while position < len(text) and text[position] in "\"'[\\ ":
        position += 1
    scheme = SCHEMES.regex.match(text, position)
    if scheme is None:
        bare = _BARE.regex.match(text, position)
        if bare and len(bare[0]) >= 8 and re.search(r"\d", bare[0]) and not is_placeholder(bare[0]):
            yield bare.span()
        return
    rest = _REST.regex.match(text, scheme.end(), scheme.end() + _WINDOW) if scheme[1].lower() == "digest" else None
    value = rest or _BARE.regex.match(text, scheme.end(), scheme.end() + _WINDOW)
    if value is None or scheme[1].lower() == "bearer":  # a bearer token is a class of its own
        return
    if not is_placeholder(value[0]) and not is_example(value[0]) and len(value[0]) > 3:
        yield value.start(), value.end()


def _basic(text: str, start: int) -> Iterator[Range]:
    value = re.compile(r"basic\s+([A-Za-z0-9+/_-]+={0,2})", re.I).match(text, start)
    if value is None or text[max(0, start - 1) : start].isalnum():
        return
    digits = value[1].rstrip("=").replace("-", "+").replace("_", "/")
    try:
        plain = base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return
    _, colon, password = plain.partition(":")
    if colon and plain.isprintable() and not is_placeholder(password):
        yield value.span(1)


def _user(text: str, found: Candidate) -> Iterator[Range]:
    value = re.compile(r"\s?(?:-u|--user)[ =][\"']?([^\s\"':]+):([^\s\"']+)").match(text, found.start)
    if value and not is_placeholder(value[2]) and "curl" in text[max(0, found.start - 200) : found.start]:
        yield value.start(1), value.end(2)


def _redis_auth(text: str, start: int) -> Iterator[Range]:
    command = re.compile(r"AUTH(?:\s+(\S+))?\s+(\S+)\s*(?:$|\n)").match(text, start)
    if command and not is_no_secret(command[2].strip("\"'"), code=True):
        yield command.span(2)
