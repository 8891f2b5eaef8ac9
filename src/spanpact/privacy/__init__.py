"""Privacy: the classes of data that must never be in telemetry, and how their values are found and masked.

`classes` lists the known classes; the modules that it names tell their values from what is only written like them.
`views` decodes, `scanner` searches and masks, `screen` tells from a text's bytes that it is clean. Imports nothing else
of spanpact but what bounds caches.
"""

from __future__ import annotations

from spanpact.privacy.classes import KNOWN_CLASSES, PrivacyClass, known_classes
from spanpact.privacy.scanner import Leak, Mask, Scanner, mask, number_text
from spanpact.privacy.screen import TextScreen

__all__ = [
    "KNOWN_CLASSES",
    "Leak",
    "Mask",
    "PrivacyClass",
    "Scanner",
    "TextScreen",
    "known_classes",
    "mask",
    "number_text",
]
