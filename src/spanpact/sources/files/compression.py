"""Decompress gzip and zstd, recognised by their first bytes."""

from __future__ import annotations

import io
import sys
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from spanpact.errors import SourceError

if TYPE_CHECKING:
    import gzip

ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_GZIP_MAGIC: Final = b"\x1f\x8b"
_SKIPPABLE: Final = b"\x2a\x4d\x18"  # behind one byte of 0x50 to 0x5f: a zstd frame without content
_CHUNK: Final = 1 << 18


class Compression(NamedTuple):
    """A kind of compression: its name, how to open a stream of it, and what that raises for damaged data."""

    name: str
    open: Callable[[io.BufferedReader], Any]
    errors: tuple[type[Exception], ...]


def compression_of(start: bytes, name: str) -> Compression | None:
    """Return how the content that begins with `start` is compressed, None if it is not.

    Raise SourceError for zstd where nothing can decompress it. `name` is the file's name.
    """
    if start.startswith(_GZIP_MAGIC):
        import gzip

        return Compression("gzip", _open_gzip, (gzip.BadGzipFile, zlib.error))
    if start.startswith(ZSTD_MAGIC) or (start[1:4] == _SKIPPABLE and 0x50 <= start[0] <= 0x5F):
        library = _zstd_library(name)
        return Compression("zstd", library.ZstdFile, (library.ZstdError,))
    return None


def decompress_zstd(data: bytes, name: str, limit: int) -> bytes:
    """Decompress one zstd frame; at most `limit` + 1 bytes of it. Raise SourceError where it is damaged."""
    compression = compression_of(ZSTD_MAGIC, name)
    assert compression is not None
    stream = Decompressed(compression, io.BufferedReader(cast("io.RawIOBase", io.BytesIO(data))), name, SourceError)
    return io.BufferedReader(stream).read(limit + 1)


class Decompressed(io.RawIOBase):
    """The decompressed content of a stream. Errors name the file; `cut_short` makes that of an early end."""

    def __init__(
        self, compression: Compression, stream: io.BufferedReader, name: str, cut_short: Callable[[str], SourceError]
    ) -> None:
        self._kind, self._name, self._cut_short = compression, name, cut_short
        self._errors: tuple[type[Exception], ...] = (EOFError, *compression.errors)
        self._stream = compression.open(stream)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes into the buffer and return their number; 0 at the end."""
        try:
            return cast("int", self._stream.readinto(buffer))
        except self._errors as error:
            what = f"{self._name}: the {self._kind.name} data is damaged or cut short: {error}"
            raise (self._cut_short(what) if isinstance(error, EOFError) else SourceError(what)) from None


def _open_gzip(stream: io.BufferedReader) -> gzip.GzipFile:
    import gzip

    return gzip.GzipFile(fileobj=stream)


def _zstd_library(name: str) -> Any:
    """Return the module `compression.zstd` of Python 3.14, or the package with the same interface for older ones."""
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError:
        hint = "pip install backports.zstd (the extra zstd), or decompress the file with zstd -d"
        message = f"{name}: is compressed with zstd, which this Python cannot read without the package backports.zstd"
        raise SourceError(message, hint=hint) from None
    return zstd
