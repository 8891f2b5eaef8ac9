"""National ids, of those countries whose ids a checksum or a shape tells from other numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

from spanpact.privacy.candidates import Candidate, Range, any_of
from spanpact.privacy.payment_numbers import satisfies_luhn

_SHAPES: Final = (
    r"\d{3}[- ]\d{2}[- ]\d{4}",  # US social security number
    r"\d{3}\.\d{3}\.\d{3}-\d{2}",  # Brazil: CPF
    r"\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}",  # Brazil: CNPJ
    r"\d{2}\.?\d{3}\.?\d{3}-?[A-Za-z]",  # Spain: DNI
    r"[XYZxyz]-?\d{7}-?[A-Za-z]",  # Spain: NIE
    r"[A-Za-z]{6}\d{2}[A-Za-z]\d{2}[A-Za-z]\d{3}[A-Za-z]",  # Italy: codice fiscale
    r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]",  # United Kingdom: national insurance
    r"\d{4}[- ]\d{4}[- ]\d{4}",  # India: Aadhaar
    r"[1-9]\d{16}[\dXx]",  # China: resident identity
    r"[12](?:\d\d(?:0[1-9]|1[0-2])\d{10}| \d\d (?:0[1-9]|1[0-2]) \d\d \d{3} \d{3} \d\d)",  # France: NIR
    r"\d{6}-[1-8]\d{6}",  # Korea: resident registration
    r"\d{6}(?:\d{2})?[-+]\d{4}",  # Sweden: personnummer
    r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]",  # Finland: HETU
    r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}",  # Belgium: rijksregisternummer
    r"(?i:ssn|social security(?: number| no\.?)?|cpf|pesel|aadhaar)[\s\"':=#]{1,4}\d{9,12}",
)
NATIONAL_ID: Final = any_of(_SHAPES)

_BEGIN: Final = "(?:^|[^0-9A-Za-z./-]|(?:^|[^0-9A-Za-z_])[./-])"
"""What stands before an id: an id is no part of a longer number or word."""
NATIONAL_ID_TRIGGER: Final = (
    rf"{_BEGIN}(?:\d\d\d[- ]\d\d[- ]\d\d\d\d|\d{{6}}(?:\d\d)?[-+A-FU-Y]\d\d\d[0-9A-Y]|\d{{15}}|\d \d\d \d\d \d\d \d\d\d"
    r"|\d\d\.?\d\d\d\.?\d\d\d-?[A-Z]|[XYZxyz]-?\d{7}-?[A-Za-z]|[A-Za-z]{6}\d\d[A-Za-z]\d\d"
    r"|[A-Z]{2} ?\d\d ?\d\d ?\d\d ?[A-D]|\d{4}[- ]\d{4}[- ]\d{4}|\d\d\.\d\d\.\d\d-)"
    r"|\d\d\d\.\d\d\d[-/]|(?i:ssn|social security|cpf|pesel|aadhaar)"
)


def national_ids(found: Candidate) -> Iterator[Range]:
    """Return the id at a candidate. What stands next to it must not make it a part of a longer number or word."""
    text, start, end = found.text, found.start, found.end
    if named := re.match(r"([A-Za-z. ]{3,})[\s\"':=#]+", text[start:end]):
        keyword, start = named[1].lower(), start + named.end()
        if _is_named_id(keyword, text[start:end]) and not text[end : end + 1].isalnum():
            yield start, end
        return
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if before[-1:].isalnum() or after[:1].isalnum() or re.search(r"\w[-./]\Z", before) or re.match(r"[-./]\d", after):
        return
    value = text[start:end]
    if any(re.fullmatch(shape, value) and check(value) for shape, check in _CHECKS):
        yield start, end


def _is_named_id(keyword: str, digits: str) -> bool:
    if keyword.startswith(("ssn", "social")):
        return len(digits) == 9 and _is_ssn(f"{digits[:3]}-{digits[3:5]}-{digits[5:]}")
    check = {"cpf": _is_cpf, "pesel": _is_pesel, "aadhaar": _is_aadhaar}.get(keyword.strip())
    return check is not None and check(digits)


def _digits(text: str) -> list[int]:
    return [int(c) for c in text if c.isdigit()]


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        return bool(date(year, month, day))
    except ValueError:
        return False


def _is_ssn(text: str) -> bool:
    area, group, serial = re.split("[- ]", text)
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000" and text[3] == text[6]


def _weighted(digits: list[int], length: int) -> int:
    total = sum(d * w for d, w in zip(reversed(digits[:length]), (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5, 6), strict=False))
    return 0 if total % 11 < 2 else 11 - total % 11


def _is_cpf(text: str) -> bool:
    digits = _digits(text)
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    for length in (9, 10):
        total = sum(d * (length + 1 - i) for i, d in enumerate(digits[:length]))
        if total * 10 % 11 % 10 != digits[length]:
            return False
    return True


def _is_cnpj(text: str) -> bool:
    digits = _digits(text)
    return len(set(digits)) > 1 and _weighted(digits, 12) == digits[12] and _weighted(digits, 13) == digits[13]


def _is_dni(text: str) -> bool:
    digits = text[:-1].replace(".", "").rstrip("-")
    is_a_day = _is_date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) and "1900" < digits < "2100"
    return not is_a_day and _dni_letter(int(digits)) == text[-1].upper() and text[-1].isupper()


def _is_nie(text: str) -> bool:
    number = text.upper().replace("-", "")
    return _dni_letter(int(str("XYZ".index(number[0])) + number[1:-1])) == number[-1]


def _dni_letter(number: int) -> str:
    return "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23]


_ODD: Final = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)


def _is_codice_fiscale(text: str) -> bool:
    values = [int(c) if c.isdigit() else ord(c) - ord("A") for c in text.upper()]
    total = sum(_ODD[v] if i % 2 == 0 else v for i, v in enumerate(values[:15]))
    return total % 26 == values[15]


def _is_nino(text: str) -> bool:
    return text[:2] not in ("BG", "GB", "NK", "KN", "TN", "NT", "ZZ") and text.count(" ") in (0, 4)


_TIMES: Final = ("0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
                 "5987604321", "6598710432", "7659821043", "8765932104", "9876543210")  # fmt: skip
_MOVED: Final = ("0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415",
                 "7046913258")  # fmt: skip


def _is_aadhaar(text: str) -> bool:
    """Return whether the checksum by Verhoeff is right and the first digit is none of 0 and 1."""
    check = 0
    for i, digit in enumerate(reversed(_digits(text))):
        check = int(_TIMES[check][int(_MOVED[i % 8][digit])])
    separators = {c for c in text if not c.isdigit()}
    return check == 0 and text[0] > "1" and len(_digits(text)) == 12 and len(separators) < 2


def _is_chinese(text: str) -> bool:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    born = _is_date(int(text[6:10]), int(text[10:12]), int(text[12:14])) and "1850" <= text[6:10] < "2100"
    return born and "10X98765432"[sum(int(c) * w for c, w in zip(text, weights, strict=False)) % 11] == text[17].upper()


def _is_nir(text: str) -> bool:
    digits = text.replace(" ", "")
    return int(digits[:13]) % 97 == 97 - int(digits[13:]) and digits[5:7] != "00"


def _is_pesel(text: str) -> bool:
    digits = _digits(text)
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
    return (
        len(digits) == 11 and (10 - sum(d * w for d, w in zip(digits, weights, strict=False)) % 10) % 10 == digits[10]
    )


def _is_personnummer(text: str) -> bool:
    digits = re.sub(r"\D", "", text)[-10:]
    year, month, day = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    century = text[:2] if len(text) == 13 else "19"
    born = century in ("18", "19", "20") and (_is_date(2000 + year, month, day) or _is_date(1900 + year, month, day))
    return born and satisfies_luhn(digits)


def _is_hetu(text: str) -> bool:
    born = _is_date(2000 + int(text[4:6]), int(text[2:4]), int(text[:2])) or text[:4] == "2902"
    return born and "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(text[:6] + text[7:10]) % 31] == text[10]


def _is_rrn(text: str) -> bool:
    digits = _digits(text)
    weights = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
    century = 1900 if text[7] in "1256" else 2000
    born = _is_date(century + int(text[:2]), int(text[2:4]), int(text[4:6]))
    return born and (11 - sum(d * w for d, w in zip(digits, weights, strict=False)) % 11) % 10 == digits[12]


def _is_belgian(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return any(97 - int(prefix + digits[:9]) % 97 == int(digits[9:]) for prefix in ("", "2"))


_CHECKS: Final[tuple[tuple[str, Callable[[str], bool]], ...]] = tuple(
    zip(
        _SHAPES[:-1],
        (_is_ssn, _is_cpf, _is_cnpj, _is_dni, _is_nie, _is_codice_fiscale, _is_nino, _is_aadhaar, _is_chinese, _is_nir,
         _is_rrn, _is_personnummer, _is_hetu, _is_belgian),
        strict=True,
    )
)  # fmt: skip
