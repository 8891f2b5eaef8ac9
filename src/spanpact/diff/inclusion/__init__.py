"""Inclusion: whether everything that one matcher, entry or value accepts is accepted by another one too.

`matchers` compares matchers, `overlaps` entries, and `keyword_values` the values of each keyword.
"""

from __future__ import annotations

from spanpact.diff.inclusion.matchers import accepts_missing, includes, includes_text, literals
from spanpact.diff.inclusion.overlaps import may_select_the_same

__all__ = ["accepts_missing", "includes", "includes_text", "literals", "may_select_the_same"]
