"""Write to a stream whose reader may have closed it, and to a file that is written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

from spanpact.errors import UsageError


def print_message(message: str) -> None:
    """Print one line, prefixed with `spanpact: `, on standard error."""
    from spanpact.reporting.drawing.safe_text import escape_controls

    print_text(f"spanpact: {escape_controls(message)}\n", sys.stderr)


def print_text(text: str, stream: IO[str]) -> None:
    """Write the text to a stream and flush it; do nothing if its reader has closed it, as `head` or a terminal does.

    Characters that the stream's encoding lacks are escaped. Raises `UsageError` for any other failure (a full disk).
    """
    try:
        write_whole(text, stream)
    except BrokenPipeError:
        _discard_buffer(stream)
    except OSError as error:
        is_closed_terminal = error.errno == errno.EIO and stat.S_ISCHR(os.fstat(stream.fileno()).st_mode)
        _discard_buffer(stream)
        if not is_closed_terminal:
            raise UsageError(f"cannot write to standard output: {error.strerror}") from error


def write_whole(text: str, stream: IO[str]) -> None:
    """Write the text to a stream and flush it. Raises OSError where it cannot.

    Characters that the stream's encoding lacks are escaped.
    Where `PYTHONUNBUFFERED` is set there is no buffer below the stream: a signal ends a write to a slow reader early,
    and the stream would lose the rest.
    """
    encoding = getattr(stream, "encoding", None) or "utf-8"
    data = text.encode(encoding, "backslashreplace")
    file = getattr(stream, "buffer", None)
    if not isinstance(file, io.RawIOBase):
        stream.write(data.decode(encoding))
        stream.flush()
        return
    rest = memoryview(data)
    while rest:
        written = file.write(rest)
        if written is None:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        rest = rest[written:]


def _discard_buffer(stream: IO[str]) -> None:
    """Send what is still buffered to the null device, so that the interpreter does not fail when it flushes at exit."""
    with contextlib.suppress(OSError, ValueError):
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, stream.fileno())
        os.close(sink)


def write_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file whole: to a temporary file in the same folder, which is then renamed.

    Raises `UsageError` if the file cannot be written, or if the path is a link, a folder or a device.
    """
    given = Path(path)
    check_writable(given)
    folder = given.parent.resolve()
    import tempfile  # takes long to import, and few command lines write a file

    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{given.name[:50]}.", dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, folder / given.name)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise UsageError(f"cannot write {os.fspath(path)}: {error.strerror}") from error


def append_to_file(path: str, data: bytes) -> None:
    """Append to a file, which is made if it is not there. Raises `UsageError` if it cannot be written."""
    try:
        with open(path, "ab") as file:
            file.write(data)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def save_file(path: str, encode: Callable[[], bytes]) -> UsageError | None:
    """Write a file as `write_file` does, and return the error where it cannot be written: the report still follows."""
    try:
        write_file(path, encode())
    except UsageError as error:
        return error
    return None


def check_writable(path: Path) -> None:
    """Raise `UsageError` if `write_file` would: commands call it before they start their work."""
    try:
        _check_writable(path)
    except OSError as error:  # for example a name that is too long
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _check_writable(path: Path) -> None:
    if not path.name or path.is_dir():
        raise UsageError(f"cannot write {path}: it is a folder", hint="name a file")
    if path.is_symlink():
        raise UsageError(f"cannot write {path}: it is a symbolic link", hint="name the file it points at")
    if path.exists() and not path.is_file():
        raise UsageError(f"cannot write {path}: it is not an ordinary file", hint="- is standard output")
    if not path.parent.is_dir():
        raise UsageError(f"cannot write {path}: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"cannot write {path}: Permission denied")


def _umask() -> int:
    """Return the umask of the process, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
