"""Sources of other packages: entry points of the group `spanpact.sources`, whose failures never decide a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from spanpact.errors import SourceError, SpanpactError
from spanpact.sources.trace_source import SourceBase, TraceSource
from spanpact.trace.model import Reading, SourceInfo

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINT_GROUP = "spanpact.sources"


class SourceFactory(Protocol):
    """The callable that an entry point of the group `spanpact.sources` names.

    It takes the whole text after `--from`, with the scheme.
    """

    def __call__(self, spec: str, *, scenarios: Mapping[str, str] | None = None) -> TraceSource: ...


class PluginSource(SourceBase):
    """A source of another package. What it raises, even to end the process, is a SourceError that names it."""

    def __init__(self, name: str, source: TraceSource) -> None:
        self._name, self._source = name, source
        with _named(name, "gives no source"):
            self._info = source.info
        if not isinstance(self._info, SourceInfo):
            raise SourceError(f"the source plug-in {name!r} gives no source: its `info` is no SourceInfo")

    @property
    def info(self) -> SourceInfo:
        """Return what the source says of itself."""
        return self._info

    def read(self) -> Reading:
        """Return the traces that the source has now."""
        with _named(self._name, "cannot be read"):
            reading = self._source.read()
        if not isinstance(reading, Reading):
            raise SourceError(f"the source plug-in {self._name!r} cannot be read: it returns no Reading")
        return reading

    def close(self) -> None:
        """Close the source."""
        with _named(self._name, "cannot be closed"):
            self._source.close()


def open_plugin(plugin: EntryPoint, spec: str, scenarios: Mapping[str, str] | None) -> TraceSource:
    """Open the source of an entry point. Raise SourceError where it cannot be loaded, or gives no source."""
    try:
        factory: SourceFactory = plugin.load()
    except (Exception, SystemExit) as error:  # a plug-in may raise anything; the user gets one line
        what = f"{type(error).__name__}: {error}"
        raise SourceError(f"the source plug-in {plugin.value!r} cannot be loaded: {what}") from error
    with _named(plugin.value, "gives no source"):
        source = factory(spec, scenarios=scenarios)
    if type(source).__module__.startswith(f"{__package__}."):
        return source  # one of ours: it keeps what it can do besides
    if not hasattr(source, "read"):
        raise SourceError(f"the source plug-in {plugin.value!r} gives no source: {type(source).__name__} has no `read`")
    return PluginSource(plugin.value, source)


@contextmanager
def _named(name: str, what: str) -> Iterator[None]:
    """Turn what a plug-in raises into an error that names it, without the text, which may hold what traces hold."""
    try:
        yield
    except SpanpactError:
        raise
    except SystemExit as error:
        raise SourceError(f"the source plug-in {name!r} {what}: it ends the process, with {error.code!r}") from error
    except Exception as error:
        raise SourceError(f"the source plug-in {name!r} {what}: {type(error).__name__}") from error
