"""Parse a text such as `zipkin:http://HOST:9411?service=NAME&since=15m` into a Zipkin source."""

from __future__ import annotations

from functools import partial
from typing import Final

from spanpact.sources.search.parameters import SEARCH_PARAMETERS, store_from_spec
from spanpact.sources.zipkin.source import ZipkinSource

PARAMETERS: Final = SEARCH_PARAMETERS

zipkin_from_spec = partial(store_from_spec, ZipkinSource)
