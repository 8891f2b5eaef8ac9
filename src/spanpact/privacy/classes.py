"""The privacy classes that spanpact knows (section 8 of docs/contract-format.md).

Each has an RE2 pattern that finds candidates in linear time, and a function that confirms what they are by what stands
around them: a checksum, a keyword, a placeholder, a longer number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

from spanpact.privacy.addresses import EMAIL, IP, emails, ips
from spanpact.privacy.api_keys import API_KEY, API_KEY_TRIGGER, api_keys
from spanpact.privacy.candidates import Candidate, Range
from spanpact.privacy.national_ids import NATIONAL_ID, NATIONAL_ID_TRIGGER, national_ids
from spanpact.privacy.payment_numbers import CARD, CARD_TRIGGER, IBAN, IBAN_TRIGGER, cards, ibans
from spanpact.privacy.secret_pairs import SECRET_PAIR, SECRET_TRIGGER, secret_pairs
from spanpact.privacy.tokens import BEARER, JWT, PRIVATE_KEY, bearers, jwts, private_keys
from spanpact.privacy.url_credentials import URL_CREDENTIALS, url_credentials


class KnownClass(NamedTuple):
    """How values of a class are found: a pattern for candidates, and the values at one candidate.

    Where a value is confirmed, `trigger` fits, too. Every text is searched for the triggers of all classes: they are
    simpler, but ask for what surrounds a value where a pattern fits many ids, as those in hexadecimal digits.
    """

    trigger: str
    pattern: str
    confirm: Callable[[Candidate], Iterable[Range]]


KNOWN_CLASSES: Final[Mapping[str, KnownClass]] = MappingProxyType(
    {
        "email": KnownClass(r"@|(?i)[\[({<]\s{0,2}at\s{0,2}[\])}>]|[ _]at[ _].*[ _]dot[ _]", EMAIL, emails),
        "card": KnownClass(CARD_TRIGGER, CARD, cards),
        "ip": KnownClass(
            r"\d(?:\.|\[\.|\(\.|\[dot)[\])]?\d\d?\d?(?:\.|\[\.|\(\.|\[dot)[\])]?\d\d?\d?(?:\.|\[\.|\(\.|\[dot)"
            r"|::|:[0-9A-Fa-f]+:[0-9A-Fa-f]+:[0-9A-Fa-f]+:|://\d{8}",
            IP,
            ips,
        ),
        "jwt": KnownClass("eyJ", JWT, jwts),
        "bearer": KnownClass(r"(?i)bearer[^a-z]", BEARER, bearers),
        "private_key": KnownClass(
            r"(?i:private[ +_]key)|PuTTY-User-Key|<RSAKeyValue|MII|MC4C|MI[GH]|MHcC|b3Bl", PRIVATE_KEY, private_keys
        ),
        "url_credentials": KnownClass(
            r"//[^\s]*@|:[^\s]*@|(?i:thin|oci8?|oracle):[^\s]*@", URL_CREDENTIALS, url_credentials
        ),
        "api_key": KnownClass(API_KEY_TRIGGER, API_KEY, api_keys),
        "secret_pair": KnownClass(SECRET_TRIGGER, SECRET_PAIR, secret_pairs),
        "national_id": KnownClass(NATIONAL_ID_TRIGGER, NATIONAL_ID, national_ids),
        "iban": KnownClass(IBAN_TRIGGER, IBAN, ibans),
    }
)


@dataclass(frozen=True, slots=True)
class PrivacyClass:
    """A privacy class of a contract. Its RE2 pattern, searched anywhere in a text, is "" for a known class."""

    name: str
    pattern: str = ""


def known_classes(names: Iterable[str] | None = None) -> tuple[PrivacyClass, ...]:
    """Return the known classes of these names (None: all), as the plan holds them."""
    return tuple(PrivacyClass(n) for n in (KNOWN_CLASSES if names is None else names))
