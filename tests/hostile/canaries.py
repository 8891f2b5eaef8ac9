"""Private values that are planted in inputs, and the search for them in outputs, in every form they may have there."""

from __future__ import annotations

import base64
import json
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from tests.hostile.outputs import HEADER
from tests.hostile.texts import Hostile

SECRET = "k7f3qx9z"  # in every canary, and in nothing else


@dataclass(frozen=True, slots=True)
class Canary(Hostile):
    """An address of e-mail, as an observed value or name. Each is unique."""

    @property
    def whole(self) -> str:
        """Return the address."""
        return f"{SECRET}-{self.number}@post.example"


CANARIES = [Canary(number, "") for number in range(24)]


def contract(texts: Sequence[Hostile], version: str, suffix: str) -> str:
    """Return a contract that everything breaks; of the canaries only examples hold some."""
    leak = {"span": "top", "attributes": {texts[0].whole: texts[0].whole}}
    body = {
        "spanpact": 1, "contract": "canaries", "version": version, "span": "*",
        "name": {"equals": f"x{suffix}"}, "closed": ["attributes", "children", "events", "links"],
        "status_message": {"equals": "x"}, "scope": {"equals": "x"}, "resource": {"service.name": {"equals": "x"}},
        "attributes": {f"v{each.number}": {"equals": "x"} for each in texts},
        "limits": {"length": 1},
        "every": {
            "private": {"span": "*", "forbid": ["email"]},
            "logged": {"event": "*", "via": "log", "forbid": ["email"], "severity": {"at_least": "error"}},
        },
        "examples": {"leak": {"trace": [leak], "findings": ["private/privacy-leak"]}},
    }  # fmt: skip
    return json.dumps(body, indent=1)


def forms(secret: str) -> Iterator[str]:
    """Yield a text as it is and encoded: in base64 at each of its three alignments, and in hexadecimal."""
    yield secret
    yield secret.encode().hex()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + secret.encode()).decode()
        yield encoded[-(-before * 8 // 6) : len(encoded) - 4].rstrip("=")
    yield "".join(f"%{byte:02x}" for byte in secret.encode())


def normalized(text: str) -> str:
    """Return a text without differences of case, width, percent-encoding and invisible characters."""
    plain = unicodedata.normalize("NFKC", unquote(text)).casefold()
    return "".join(each for each in plain if unicodedata.category(each) != "Cf")


def leaks(text: str) -> list[str]:
    """Return what is around each canary that is in a text in some form."""
    found = []
    for secret in (SECRET, HEADER):
        for form in forms(secret):
            place = text.find(form)
            found += [text[max(0, place - 80) : place + 60]] if place >= 0 else []
        if secret.casefold() in normalized(text):
            found.append(f"{secret}, normalized")
    return found
