"""Privacy: find and mask data that must never be in telemetry, such as e-mail addresses and card numbers.

`classes` has a pattern for each class of data, `confirmation` checks what a pattern cannot express (checksums,
surroundings), `scanner` finds and masks values in texts. Imports no other package of spanpact.
"""

from __future__ import annotations

from spanpact.privacy.classes import KNOWN_CLASSES, PrivacyClass, known_classes
from spanpact.privacy.scanner import Leak, Scanner, mask

__all__ = ["KNOWN_CLASSES", "Leak", "PrivacyClass", "Scanner", "known_classes", "mask"]
