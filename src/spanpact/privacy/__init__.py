"""Privacy: the classes of data that must never be in telemetry, and how their values are found and masked.

`classes` has the patterns, `confirmation` what no pattern can express, `scanner` finds and masks. Imports nothing.
"""

from __future__ import annotations

from spanpact.privacy.classes import KNOWN_CLASSES, PrivacyClass, known_classes
from spanpact.privacy.scanner import Leak, Scanner, mask

__all__ = ["KNOWN_CLASSES", "Leak", "PrivacyClass", "Scanner", "known_classes", "mask"]
