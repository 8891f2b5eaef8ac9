"""Writing an archive: `parts` are files that are written as a whole or not at all, `writer` commits them."""

from __future__ import annotations
