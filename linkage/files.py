"""Files that are either as before or wholly new: the only module that calls the operating system by name.

A reader never sees half a file: bytes go to a temporary name beside the target, reach the medium, and then take the
target's name in one step. Written assumptions: a rename within a directory is atomic, fsync reaches the medium, one
host writes. Source of the pattern: reference `reliability.md`, section 3.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from linkage.errors import KeyringError, LockedError, UsageError

WINDOWS = sys.platform == "win32"
PUBLIC, PRIVATE = 0o644, 0o600
Content = bytes | Callable[[IO[bytes]], object]  # the bytes, or what writes them


def write_atomically(path: Path, data: Content, *, mode: int = PUBLIC) -> None:
    """Replace the file by these bytes in one step, or leave it as it was."""
    partial = path.with_name(f".{path.name}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), mode)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data) if isinstance(data, bytes) else data(stream)
            stream.flush()
            os.fsync(stream.fileno())
        if not WINDOWS:
            partial.chmod(mode)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def write_new(path: Path, data: bytes, *, mode: int = PUBLIC, force: bool = False) -> None:
    """Write a file that must not exist yet, unless forced.

    Raises:
        UsageError: the file exists and `force` is not set.
    """
    refuse_overwriting([path], force=force)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, data, mode=mode)


def write_together(files: Mapping[Path, tuple[Content, int]]) -> None:
    """Write several files of one result: all are safe under temporary names before the first takes its own.

    Args:
        files: path to content and mode.
    """
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
    waiting = {path: path.with_name(f".{path.name}.ready") for path in files}
    try:
        for path, (data, mode) in files.items():
            write_atomically(waiting[path], data, mode=mode)
        for path, ready in waiting.items():
            ready.replace(path)
    finally:
        for ready in waiting.values():
            ready.unlink(missing_ok=True)
    for folder in {path.parent for path in files}:
        sync_directory(folder)


def refuse_overwriting(paths: list[Path], *, force: bool) -> None:
    """Stop before any work whose result would overwrite a file.

    Raises:
        UsageError: one of the files exists and `force` is not set.
    """
    existing = [path for path in paths if path.exists()]
    if existing and not force:
        raise UsageError("the file exists already", file=str(existing[0]), hint="choose another place, or add --force")


def sync_directory(path: Path) -> None:
    """Make renames in a directory durable (Windows has no such call and needs none)."""
    if WINDOWS:
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_private_directory(path: Path) -> None:
    """Make a directory that only its owner may enter."""
    path.mkdir(parents=True, exist_ok=True)
    if not WINDOWS:
        path.chmod(0o700)


def read_secret(path: Path) -> bytes:
    """The bytes of a secret file, if nobody but its owner can read it.

    Raises:
        KeyringError: the file is missing, or others may read it (not checked on Windows, whose modes say nothing).
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise KeyringError("a secret file is missing", file=str(path)) from None
    if not WINDOWS and stat.S_IMODE(mode) & 0o077:
        raise KeyringError("others may read this secret file", file=str(path), hint=f"chmod 600 {path}")
    return path.read_bytes()


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Hold the lock file for one writer; it frees itself when the process ends, however it ends.

    Raises:
        LockedError: another process holds it.
    """
    with path.open("a+b") as stream:
        try:
            _lock(stream.fileno())
        except OSError:
            raise LockedError("another process is writing to this workspace", file=str(path.parent)) from None
        yield


if WINDOWS:  # pragma: no cover
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
