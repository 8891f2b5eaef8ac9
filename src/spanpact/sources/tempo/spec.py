"""Parse a text such as `tempo:http://HOST:3200?service=NAME&since=15m` into a Tempo source."""

from __future__ import annotations

from functools import partial
from typing import Final

from spanpact.sources.search.parameters import SEARCH_PARAMETERS, store_from_spec
from spanpact.sources.tempo.source import TempoSource

PARAMETERS: Final = SEARCH_PARAMETERS

tempo_from_spec = partial(store_from_spec, TempoSource)
