"""The characters of a text that are escaped before anybody sees it, in reports and in contracts that are written."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["CI_MARK", "UNSAFE"]

UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
"""C0, DEL and C1; line separators; surrogates and what is no character; what Unicode calls default ignorable, which
includes what changes the direction of text.
"""
CI_MARK: Final = re.compile(r"(?<=#)#(?=\[|vso\[|teamcity\[)")
"""The character to escape in what runners of GitHub, Azure and TeamCity obey anywhere in a line: `##[error]`."""
