"""What the name of an attribute says of its value, and whether a value under the name of a secret is one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from spanpact.privacy.candidates import Kind, LazyPattern, Range, words
from spanpact.privacy.placeholders import is_example, is_placeholder

PASSWORD: Final = r"pass[_-]?(?:word|wd|phrase|code)|pwd|pswd"
TOKEN: Final = (
    r"(?:client|app|shared|webhook|consumer|api|jwt|session|auth|user)?[_-]?secret(?:[_-]?(?:access)?[_-]?key(?:[_-]?base)?)?"
    r"|api[_-]?key|(?:access|private|signing|encryption|master|account|auth|secret|subscription)[_-]?key"
    r"|(?:access|refresh|auth|id|session|bearer|api|private|security|registry|deploy)?[_-]?token|credentials?"
)
_NAME_OF_SECRET: Final = LazyPattern(
    rf"(?:.*[_.-])?(?:{PASSWORD}|{TOKEN}|pass|authorization|x-api-key|(?:db|bind|user|admin|root)?pass)", re.I
)
_NAME_OF_NONE: Final = LazyPattern(
    r"(?:.*[_.-])?(?:next|prev|page|continuation|cursor|sync|stop|end|eos|bos|pad|unk|first|last|per|has|is|no|max|min|num|"
    r"hash|public|input|output|cancellation|time_to_first)[_-]?(?:page[_-]?)?(?:token|password|secret|key)",
    re.I,
)
_HUMP: Final = LazyPattern(r"(?<=[a-z0-9])(?=[A-Z])")
_STATES: Final = words(
    "true false yes no on off null none nil undefined required optional missing invalid expired valid incorrect "
    "wrong weak strong ok set unset empty present absent hashed encrypted plain text string str int bytes bool "
    "boolean object any varchar char number array default enabled disabled failed rejected accepted changed reset "
    "rotated blank bearer basic digest negotiate ntlm expected unexpected found self this new old access refresh "
    "get post await return not must is too was has should cannot can for and or by in uuid field type query header "
    "cookie"
)
_CODE: Final = LazyPattern(r"[A-Za-z_$][\w.$]*[(\[].*|(?:[A-Za-z_]\w*\.)+[A-Za-z_]+|[A-Za-z_]\w*->.*|await\b.*", re.S)
SCHEMES: Final = LazyPattern(
    r"(basic|digest|token|apikey|api-key|hmac|negotiate|ntlm|aws4-hmac-sha256|bearer)\s+", re.I
)
_SESSION_NAME: Final = LazyPattern(r"sess|sid$|auth|token|jwt|login|remember|sso|identity|csrf|xsrf", re.I)
_COOKIE: Final = LazyPattern(r"(?P<name>[^\s=;,\"']+)=(?P<value>[^\s;,\"']+)")


def kind_of_name(name: str) -> Kind:
    """Return what the last segment of an attribute's name says of its value."""
    segment = _HUMP.regex.sub("_", re.split(r"[./:]", name)[-1])
    lower = segment.lower()
    if lower.endswith("version"):
        return "version"
    if name.endswith(("user_agent.original", "user-agent", "user_agent", "userAgent")):
        return "agent"
    if lower in ("cookie", "set-cookie", "set_cookie", "cookies"):
        return "cookie"
    if re.match(r"(?:proxy[_-])?authorization$", lower) or (
        _NAME_OF_SECRET.regex.fullmatch(segment) and not _NAME_OF_NONE.regex.fullmatch(segment)
    ):
        return "secret"
    if name.endswith(".version") or ".version" in name:
        return "version"
    return ""


def secret_value(text: str) -> Iterator[Range]:
    """Return the whole of a text that is the value of an attribute with the name of a secret."""
    value = text.strip().strip("[]\"' ")
    scheme = SCHEMES.regex.match(value)
    bare = value[scheme.end() :] if scheme else value
    is_map = text.lstrip().startswith("{")  # its own names judge it
    if not is_map and not is_placeholder(text) and not is_no_secret(bare, code=False):
        yield 0, len(text)


def cookies(text: str, start: int, end: int) -> Iterator[Range]:
    """Return the values of the cookies of sessions."""
    for cookie in _COOKIE.regex.finditer(text, start, end):
        value = cookie["value"]
        if (
            _SESSION_NAME.regex.search(cookie["name"])
            and len(value) >= 6
            and is_mixed(value)
            and not is_placeholder(value)
        ):
            yield cookie.span("value")


def is_no_secret(value: str, *, code: bool) -> bool:
    if is_placeholder(value) or is_example(value) or value.lower().strip("!?.,)") in _STATES:
        return True
    return code and (_CODE.regex.fullmatch(value) is not None or value[0] in "([{-=?$<")


def is_mixed(value: str) -> bool:
    """Return whether a text is more than a word: it holds a digit and a letter, or two cases, or signs."""
    if value.isdigit():
        return False
    inner = value.strip(".,:;!?()'\"")
    if re.fullmatch(r"[a-z]+(?:[_/.-][a-z]+)*", inner) or re.fullmatch(r"[A-Z]?[a-z]+(?:[A-Z][a-z]+){0,2}", inner):
        return value != inner and inner.isalpha() and "!" in value
    return re.search(r"\d|[a-z][A-Z]|[^\w\s.,:;/-]", value) is not None
