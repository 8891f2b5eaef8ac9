"""The folder of a spool, which several processes share: each has its own files, and takes over those of ended ones."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Final

from reference_impl.export.spool.counts import CountsFile
from reference_impl.export.spool.spooled_spans import SpooledSpans

_NAME: Final = re.compile(r"(?P<process>\d+-[0-9a-f]{8})\.(?P<kind>counts|new|\d+\.spans)")
_ABANDONED_S: Final = 60.0


class SpoolFolder:
    """A folder whose files have at most `max_bytes` bytes, all processes together.

    The files of other processes are measured by `take_over`; what they write until the next call comes on top.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path, self._max_bytes = path, max_bytes
        path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def begin(self) -> SpooledSpans:
        """Make the files of this process. Raise OSError if that fails."""
        name = f"{os.getpid()}-{os.urandom(4).hex()}"
        counts = CountsFile.create(self._path / f"{name}.counts")
        return SpooledSpans(self._path, name, counts, self._max_bytes)

    def take_over(self, own: SpooledSpans | None) -> list[SpooledSpans]:
        """Lock the files of processes that have ended, and return them. `own`, of the caller, get the bytes left."""
        sizes: Counter[str] = Counter()
        for path in self._path.iterdir():
            name = _NAME.fullmatch(path.name)
            with suppress(OSError):  # another process removes what it has sent
                if name and name["kind"] != "new":
                    sizes[name["process"]] += path.stat().st_size
                elif name and path.stat().st_mtime < time.time() - _ABANDONED_S:
                    path.unlink()
        if own is not None:
            del sizes[own.name]
            own.most_bytes = self._max_bytes - sizes.total()
        return [spans for name in sorted(sizes) if (spans := self._taken(name))]

    def _taken(self, name: str) -> SpooledSpans | None:
        with suppress(OSError):
            counts = CountsFile.take_over(self._path / f"{name}.counts")
            return SpooledSpans(self._path, name, counts) if counts is not None else None
        return None

    def sync(self) -> None:
        """Have the disk keep the names of the files."""
        with suppress(OSError):
            descriptor = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            with suppress(OSError):
                os.fsync(descriptor)
            os.close(descriptor)
