"""Files that are either as before or wholly new: the only module that calls the operating system by name.

A reader never sees half a file: bytes go to a temporary name beside the target, reach the medium, and then take the
target's name in one step. Written assumptions: a rename within a directory is atomic, fsync reaches the medium, one
host writes. Source of the pattern: reference `reliability.md`, section 3.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import io
import mmap
import os
import platform
import shutil
import stat
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from linkage.errors import FormatError, KeyringError, LockedError, UsageError

WINDOWS = sys.platform == "win32"
PUBLIC, PRIVATE = 0o644, 0o600
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4  # of glibc: see mallopt(3)
_LARGE_ARRAY, _KEPT, _ENOUGH = 4 << 20, 1 << 30, 2_000_000_000  # bytes
_NO_RESERVE, _USUAL_MACHINES = 0x4000, ("x86_64", "aarch64")  # of Linux: see mmap(2); Python names it from 3.13 on
STRETCH = 1 << 20  # what the caches of a processor hold
PAGE = 4096  # bytes, of memory and of any disk
Writes = Callable[[IO[bytes]], object]
Content = bytes | Writes  # the bytes, or what writes them


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


def write_digested(path: Path, content: Content, *, mode: int = PUBLIC) -> str:
    """The same, and the SHA-256 of what was to be written, whatever the medium makes of it."""
    digest = hashlib.sha256()

    def write(out: IO[bytes]) -> None:
        into = Digesting(out, digest)
        into.write(content) if isinstance(content, bytes) else content(cast("IO[bytes]", into))

    write_atomically(path, write, mode=mode)
    return digest.hexdigest()


def content_bytes(content: Content) -> bytes:
    """The bytes, made if they are not there yet."""
    if isinstance(content, bytes):
        return content
    out = io.BytesIO()
    content(out)
    return out.getvalue()


def copy_atomically(source: Path, path: Path, sha256: str, *, mode: int = PUBLIC) -> None:
    """The same with the bytes of another file, however large it is, if they have this digest.

    Raises:
        FormatError: they do not; nothing was written.
    """

    def copy(out: IO[bytes]) -> None:
        with source.open("rb") as stream, digested(stream) as read:
            reserve(out, os.fstat(stream.fileno()).st_size)
            shutil.copyfileobj(read, out, STRETCH)
        if read.hexdigest() != sha256:  # also where it became shorter: what was reserved and not written is not kept
            raise FormatError("the file changed while it was read", file=str(source))

    write_atomically(path, copy, mode=mode)


def write_new(path: Path, data: Content, *, mode: int = PUBLIC, force: bool = False) -> None:
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


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal, read a stretch at a time."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class Digested:
    """Reads another stream and knows the SHA-256 of what was read, which is taken aside while the reader is at work on it."""

    def __init__(self, stream: BinaryIO, aside: Executor) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self._aside = aside
        self._last: Future[None] = aside.submit(self._digest.update, b"")

    def read(self, size: int = -1) -> bytes:
        """Up to so many bytes; none at the end."""
        data = self._stream.read(size)
        self._last.result()
        self._last = self._aside.submit(self._digest.update, data)
        return data

    def hexdigest(self) -> str:
        """Of all that was read."""
        self._last.result()
        return self._digest.hexdigest()


@contextmanager
def digested(stream: BinaryIO) -> Iterator[Digested]:
    """A stream that knows the digest of what was read of it, and the thread that takes it."""
    with ThreadPoolExecutor(1) as aside:
        yield Digested(stream, aside)


class Digesting:
    """Writes to another stream, and tells a digest what is written."""

    closed = False

    def __init__(self, stream: IO[bytes], digest: Any) -> None:
        self._stream = stream
        self._digest = digest

    def write(self, data: bytes) -> int:
        """Write bytes."""
        self._digest.update(data)
        return self._stream.write(data)

    def tell(self) -> int:
        """Where the next byte goes."""
        return self._stream.tell()

    def flush(self) -> None:
        """Let go of what waits."""
        self._stream.flush()

    def close(self) -> None:
        """The stream is closed by whoever opened it."""


def reserve(stream: IO[bytes], size: int) -> None:
    """Take the room for so many bytes at once, where the system can: a third of the work that it is piece by piece."""
    if not size or not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(stream.fileno(), 0, size)
    except io.UnsupportedOperation:
        return  # it lies in memory
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):  # a file system that cannot is no fault
            raise


def mapped(stream: BinaryIO) -> memoryview:
    """A file's bytes as they lie on the disk; what is read of them takes memory until it is `let_go`."""
    stream.flush()
    if not os.fstat(stream.fileno()).st_size:
        return memoryview(b"")  # nothing cannot be mapped
    return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))


def stretches(data: memoryview) -> Iterator[memoryview]:
    """The bytes in order, a stretch at a time, each let go before the next is read."""
    for start in range(0, len(data), STRETCH):
        yield data[start : start + STRETCH]
        let_go(data)


def let_go(data: memoryview) -> None:
    """Give back the memory of mapped bytes; they are read from the file again when they are looked at again."""
    if isinstance(data.obj, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        data.obj.madvise(mmap.MADV_DONTNEED)


def untouched(size: int) -> mmap.mmap:
    """So many zeros, which take no memory as long as nobody touches them: there may be more of them than there is memory."""
    if sys.platform != "linux" or platform.machine() not in _USUAL_MACHINES:
        return mmap.mmap(-1, size)
    return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | _NO_RESERVE)


def read_past_the_cache(stream: io.FileIO) -> None:
    """Read a file without the system's cache from now on, where the system can; then everything is in multiples of `PAGE`.

    Of a file that is larger than the memory nothing would be left in the cache when it is read again, all else that was there
    would have to go, and to find memory for it takes a machine more time than to read it.
    """
    try:
        import fcntl  # noqa: PLC0415  # Windows has none

        usual = fcntl.fcntl(stream, fcntl.F_GETFL)
        fcntl.fcntl(stream, fcntl.F_SETFL, usual | os.O_DIRECT)
    except (ImportError, AttributeError, OSError):
        return  # then as any other file
    try:
        read_at(stream, 0, pages(PAGE))
    except OSError:  # it can be asked for, but not be had in pages of this size
        fcntl.fcntl(stream, fcntl.F_SETFL, usual)


def pages(size: int) -> memoryview:
    """Memory for at least so many bytes that begins where a page does, and has a whole number of them."""
    return memoryview(mmap.mmap(-1, -(-max(size, 1) // PAGE) * PAGE))


def size_of(stream: io.FileIO) -> int:
    """How many bytes a file has now."""
    return os.fstat(stream.fileno()).st_size


def read_at(stream: io.FileIO, at: int, out: memoryview) -> int:
    """Read from a place of a file, whoever else reads it meanwhile.

    Args:
        stream: the file.
        at: the place; past the cache a multiple of `PAGE`.
        out: for the bytes; past the cache some of `pages`.

    Returns:
        How many bytes were read: as many as fit, if there are so many.
    """
    done, there = 0, size_of(stream) - at
    while done < min(len(out), there) and (read := _read_at(stream, at + done, out[done:])):
        done += read
    return done


if hasattr(os, "preadv"):

    def _read_at(stream: io.FileIO, at: int, out: memoryview) -> int:
        return os.preadv(stream.fileno(), [out], at)
else:  # pragma: no cover
    _PLACE = threading.Lock()  # of a file that is read by several: there is one place at which it is read

    def _read_at(stream: io.FileIO, at: int, out: memoryview) -> int:
        with _PLACE:
            stream.seek(at)
            return stream.readinto(out) or 0


def settle_memory(within: int) -> None:
    """Say what becomes of large arrays that are freed, where the C library can be told so.

    A virtual machine takes back within seconds what a process gives back, and takes twenty times as long to hand it out again as
    filling it takes: a tenth of a long job's processor seconds. So what is freed is kept for the next array, at the price of a
    fifth to a third more memory. A job that is to stay within little gives it back at once, for which glibc's own bound is too
    high, and rises with every large array.

    Args:
        within: bytes that the job is to stay within.
    """
    tell = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if tell is None:
        return
    if within < _ENOUGH:
        tell(_MMAP_THRESHOLD, _LARGE_ARRAY)
    else:
        tell(_MMAP_MAX, 0)
        tell(_TRIM_THRESHOLD, _KEPT)


def machine_memory() -> int:
    """Bytes of memory that the machine has; 8 GiB where the system does not say."""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 8 << 30


def peak_memory() -> int:
    """Largest resident memory of this process so far, in bytes; 0 where the system does not say.

    Linux's resource usage begins with the memory of the parent, so that its own file is read instead.
    """
    status = Path("/proc/self/status")
    lines = status.read_text("utf-8").splitlines() if status.exists() else []
    for line in lines:
        if line.startswith("VmHWM"):
            return int(line.split()[1]) << 10
    if WINDOWS:
        return 0
    import resource  # noqa: PLC0415  # Windows has none

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10  # macOS says bytes, the others KiB
