"""Writing: to a stream that may go away, and to a file that is there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TextIO

from spanpact.errors import UsageError


def print_text(text: str, stream: TextIO) -> None:
    """Writes to a stream; whoever reads it may have gone away, as `head` does.

    Raises UsageError where it cannot be written for another reason (a full disk).
    """
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        _silence(stream)
    except OSError as error:
        _silence(stream)
        raise UsageError(f"cannot write to standard output: {error.strerror}") from error


def _silence(stream: TextIO) -> None:
    """What is still buffered goes nowhere, so that the interpreter does not fail over it when it ends."""
    with contextlib.suppress(OSError, ValueError):
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, stream.fileno())
        os.close(sink)


def write_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Writes a file whole: into a new one beside it, which then takes its name.

    Only an ordinary file is replaced, never what a link points at, a folder or a device. Raises UsageError where
    it cannot be written.
    """
    given = Path(path)
    check_writable(given)
    folder = given.parent.resolve()
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


def check_writable(path: Path) -> None:
    """Raises UsageError where `write_file` would refuse: said before the work, not after it."""
    try:
        _check_writable(path)
    except OSError as error:  # a name that is too long, say
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _check_writable(path: Path) -> None:
    if not path.name or path.is_dir():
        raise UsageError(f"cannot write {path}: it is a folder", hint="name a file")
    if path.is_symlink():
        raise UsageError(f"cannot write {path}: it is a symbolic link", hint="name the file itself")
    if path.exists() and not path.is_file():
        raise UsageError(f"cannot write {path}: it is not an ordinary file", hint="- is standard output")
    if not path.parent.is_dir():
        raise UsageError(f"cannot write {path}: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"cannot write {path}: Permission denied")


def _umask() -> int:
    """The process's umask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
