"""A file is as before or wholly new; a secret is its owner's; one process writes at a time."""

import errno
import hashlib
import io
import mmap
import multiprocessing
import os
import stat
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from linkage import files
from linkage.errors import FormatError, KeyringError, LockedError, UsageError
from linkage.files import (
    PRIVATE,
    PUBLIC,
    content_bytes,
    copy_atomically,
    digest_of_file,
    digested,
    exclusive_lock,
    let_go,
    machine_memory,
    make_private_directory,
    mapped,
    pages,
    peak_memory,
    read_at,
    read_past_the_cache,
    read_secret,
    refuse_overwriting,
    reserve,
    settle_memory,
    stretches,
    untouched,
    write_atomically,
    write_digested,
    write_new,
    write_together,
)

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes say nothing on Windows")
SMAPS = Path("/proc/self/smaps")


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


class Crash(Exception):  # noqa: N818
    """The machine stops here."""


def failing(monkeypatch, target, name, *, after=0):
    """Make the call fail, after it worked so many times."""
    real, calls = getattr(target, name), []

    def call(*arguments, **options):
        calls.append(name)
        if len(calls) > after:
            raise Crash
        return real(*arguments, **options)

    monkeypatch.setattr(target, name, call)
    return calls


@posix
@pytest.mark.parametrize("wanted", [PRIVATE, PUBLIC])
def test_a_written_file_has_its_bytes_and_mode_whatever_stood_there_and_whatever_the_umask(wanted, tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"before")
    path.chmod(0o666)
    before = os.umask(0o077)
    try:
        write_atomically(path, b"after", mode=wanted)
    finally:
        os.umask(before)
    assert (content(tmp_path), mode(path)) == ({"f": b"after"}, wanted)


@posix
def test_a_private_file_is_private_from_its_first_moment(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode)))
    write_atomically(tmp_path / "f", b"secret", mode=PRIVATE)
    assert seen[0] == PRIVATE


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_stop_at_any_step_leaves_the_old_file_and_no_other(step, tmp_path, monkeypatch):
    path = tmp_path / "f"
    path.write_bytes(b"before")
    calls = failing(monkeypatch, os if step == "fsync" else type(path), step)
    with pytest.raises(Crash):
        write_atomically(path, b"after")
    assert calls == [step]
    assert content(tmp_path) == {"f": b"before"}


def test_bytes_reach_the_medium_before_the_name_changes(tmp_path, monkeypatch):
    path, order = tmp_path / "f", []
    path.write_bytes(b"before")
    monkeypatch.setattr(os, "fsync", lambda _descriptor: order.append(path.read_bytes()))
    write_atomically(path, b"after")
    assert order == ([b"before"] if files.WINDOWS else [b"before", b"after"])


@posix
@pytest.mark.parametrize("size", [0, 1, 7, 8, 100])
def test_a_copied_file_has_the_other_files_bytes_and_its_own_mode(size, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "STRETCH", 8)
    (tmp_path / "from").write_bytes(os.urandom(size))
    (tmp_path / "from").chmod(0o644)
    copy_atomically(tmp_path / "from", tmp_path / "to", digest_of_file(tmp_path / "from"), mode=PRIVATE)
    assert content(tmp_path)["to"] == content(tmp_path)["from"]
    assert (sorted(content(tmp_path)), mode(tmp_path / "to")) == (["from", "to"], PRIVATE)


@pytest.mark.parametrize("step", ["fsync", "replace", "read"])
def test_a_copy_that_stops_at_any_step_leaves_the_old_file_and_no_other(step, tmp_path, monkeypatch):
    source, path = tmp_path / "from", tmp_path / "to"
    source.write_bytes(b"after")
    path.write_bytes(b"before")
    target = {"fsync": (os, "fsync"), "replace": (type(path), "replace"), "read": (files.shutil, "copyfileobj")}[step]
    sha256 = digest_of_file(source)
    assert failing(monkeypatch, *target) == []
    with pytest.raises(Crash):
        copy_atomically(source, path, sha256)
    assert content(tmp_path) == {"from": b"after", "to": b"before"}


def test_a_file_that_is_not_there_is_not_copied_and_the_old_one_stays(tmp_path):
    (tmp_path / "to").write_bytes(b"before")
    with pytest.raises(FileNotFoundError):
        copy_atomically(tmp_path / "from", tmp_path / "to", "")
    assert content(tmp_path) == {"to": b"before"}


def test_bytes_other_than_the_digest_names_are_not_copied_and_the_old_file_stays(tmp_path):
    (tmp_path / "from").write_bytes(b"after")
    (tmp_path / "to").write_bytes(b"before")
    with pytest.raises(FormatError, match="changed"):
        copy_atomically(tmp_path / "from", tmp_path / "to", hashlib.sha256(b"as it was").hexdigest())
    assert content(tmp_path) == {"from": b"after", "to": b"before"}


@pytest.mark.parametrize(
    "content", [b"", b"whole", lambda out: [out.write(b"piece"), out.flush(), out.write(b" by piece"), out.tell()]]
)
def test_a_file_written_under_a_digest_has_the_digest_of_its_bytes(content, tmp_path):
    sha256 = write_digested(tmp_path / "f", content, mode=PRIVATE)
    assert (tmp_path / "f").read_bytes() == content_bytes(content)
    assert sha256 == digest_of_file(tmp_path / "f")


def test_room_is_reserved_before_it_is_needed_and_refused_where_there_is_none(tmp_path, monkeypatch):
    with tempfile.TemporaryFile(dir=tmp_path) as stream:
        reserve(stream, 0)
        reserve(stream, 5)
        stream.write(b"12345")
        assert bytes(mapped(stream)) == b"12345"

    def full(_descriptor, _start, _size):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with tempfile.TemporaryFile(dir=tmp_path) as stream, pytest.raises(OSError, match="No space"):
        reserve(stream, 5)


@pytest.mark.parametrize("sizes", [[100], [1, 0, 7], [3, 3, 3]])
def test_a_digested_stream_gives_the_same_bytes_and_the_digest_of_those_that_were_read(sizes):
    data = bytes(range(10))
    with digested(io.BytesIO(data)) as read:
        given = b"".join(read.read(size) for size in sizes)
        assert given == data[: sum(sizes)]
        assert read.hexdigest() == hashlib.sha256(given).hexdigest()


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 5000])
def test_the_digest_of_a_file_is_that_of_its_bytes(data, tmp_path):
    (tmp_path / "f").write_bytes(data)
    assert digest_of_file(tmp_path / "f") == hashlib.sha256(data).hexdigest()


@pytest.fixture
def lying(tmp_path):
    """`lying(data)`: the bytes as they lie on the disk, their file closed."""

    def lay(data):
        with tempfile.TemporaryFile(dir=tmp_path) as stream:
            stream.write(data)
            return mapped(stream)

    return lay


@pytest.mark.parametrize("size", [0, 1, mmap.PAGESIZE, 5 * mmap.PAGESIZE + 3])
def test_mapped_bytes_are_the_files_also_after_it_was_closed(size, lying):
    data = os.urandom(size)
    assert lying(data) == data


def test_mapped_bytes_cannot_be_written(lying):
    assert lying(b"secret").readonly
    with pytest.raises(TypeError):
        lying(b"secret")[0] = 0


@pytest.mark.parametrize("size", [0, 1, 999, 1000, 1001, 20_500])
@pytest.mark.parametrize("where", ["on the disk", "in memory"])
def test_stretches_are_the_bytes_in_order_none_longer_than_said(where, size, lying, monkeypatch):
    monkeypatch.setattr(files, "STRETCH", 1000)
    data = os.urandom(size)
    view = lying(data) if where == "on the disk" else memoryview(data)
    found = [bytes(one) for one in stretches(view)]
    assert b"".join(found) == data
    assert [len(one) for one in found[:-1]] == [1000] * (len(found) - 1)
    assert len(found) == -(-size // 1000)


def test_each_stretch_is_let_go_before_the_next_is_read(lying, monkeypatch):
    monkeypatch.setattr(files, "STRETCH", 10)
    gone = []
    monkeypatch.setattr(files, "let_go", lambda data: gone.append(len(data)))
    for number, _ in enumerate(stretches(lying(bytes(35)))):
        assert gone == [35] * number
    assert gone == [35] * 4


@pytest.mark.parametrize("where", ["on the disk", "in memory"])
def test_letting_go_changes_no_byte_of_the_whole_nor_of_a_part(where, lying):
    data = os.urandom(3 * mmap.PAGESIZE)
    view = lying(data) if where == "on the disk" else memoryview(data)
    part = view[100:9000]
    for one in (view, part, part[5:]):
        assert bytes(view) == data
        let_go(one)
        assert (view, part) == (data, data[100:9000])


def resident(inode):
    """Bytes of a file that this process holds in memory by mapping it. Source: proc(5), smaps."""
    found, inside = 0, False
    for line in SMAPS.read_text("utf-8").splitlines():
        fields = line.split()
        if not fields[0].endswith(":"):
            inside = len(fields) > 4 and fields[4] == str(inode)
        elif inside and fields[0] == "Rss:":
            found += int(fields[1]) << 10
    return found


@pytest.mark.skipif(not SMAPS.exists(), reason="the system does not say what is in memory")
def test_what_is_let_go_takes_no_memory_until_it_is_read_again(tmp_path):
    size = 64 * mmap.PAGESIZE
    with tempfile.TemporaryFile(dir=tmp_path) as stream:
        stream.write(os.urandom(size))
        view, inode = mapped(stream), os.fstat(stream.fileno()).st_ino
    first = hashlib.sha256(view).digest()
    assert resident(inode) == size
    let_go(view[10:20])
    assert resident(inode) == 0
    assert hashlib.sha256(view).digest() == first
    assert resident(inode) == size


def test_where_the_system_cannot_take_memory_back_letting_go_does_nothing(lying, monkeypatch):
    view = lying(b"secret")
    monkeypatch.delattr(mmap, "MADV_DONTNEED", raising=False)
    let_go(view)
    assert view == b"secret"


@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_any_range_of_a_file_is_read_however_little_the_system_gives_at_once(at_once, tmp_path, monkeypatch):
    data = os.urandom(100)
    (tmp_path / "f").write_bytes(data)
    real = files._read_at
    monkeypatch.setattr(files, "_read_at", lambda stream, at, out: real(stream, at, out[:at_once]))
    with (tmp_path / "f").open("rb", buffering=0) as stream:
        for at, size, there in ((0, 100, 100), (0, 0, 0), (99, 1, 1), (40, 50, 50), (90, 20, 10), (100, 5, 0), (200, 5, 0)):
            out = bytearray(size)
            assert read_at(stream, at, memoryview(out)) == there
            assert out == data[at : at + there] + bytes(size - there)


@pytest.mark.parametrize("size", [1, 5000])
def test_what_is_untouched_is_zeros_that_can_be_written(size):
    found = untouched(size)
    assert found[:] == bytes(size)
    found[size - 1] = 1
    assert found[:] == bytes(size - 1) + b"\1"


@pytest.mark.skipif(sys.platform != "linux", reason="others count what is asked for, touched or not")
def test_there_may_be_more_untouched_bytes_than_there_is_memory():
    assert len(untouched(2 * machine_memory())) > machine_memory()


def test_the_machines_memory_is_what_the_system_says_or_eight_gibibytes(monkeypatch):
    monkeypatch.setattr(os, "sysconf_names", {"SC_PHYS_PAGES": 1, "SC_PAGE_SIZE": 2}, raising=False)
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}.get, raising=False)
    assert machine_memory() == 4_096_000
    monkeypatch.delattr(os, "sysconf")
    assert machine_memory() == 8 << 30


def test_this_machine_has_more_memory_than_this_process_took():
    assert 0 < peak_memory() < machine_memory()


@pytest.mark.skipif(sys.platform == "win32", reason="the system does not say")
def test_the_peak_holds_what_was_taken_and_given_back():
    before = peak_memory()
    taken = bytearray(os.urandom(1)) * (before + (32 << 20))
    del taken
    assert peak_memory() >= before + (32 << 20)


@pytest.fixture
def told_otherwise(tmp_path, monkeypatch):
    """`told_otherwise(text)`: the process's own file says this; with None there is no such file."""

    def tell(text):
        if text is not None:
            (tmp_path / "status").write_text(text, "utf-8")
        monkeypatch.setattr(files, "Path", lambda _: tmp_path / "status")

    return tell


def test_the_peak_is_read_from_the_processs_own_file(told_otherwise):
    told_otherwise("Name:\tpython\nVmPeak:\t  9000 kB\nVmHWM:\t  1234 kB\nVmRSS:\t  1000 kB\n")
    assert peak_memory() == 1234 << 10


@posix
@pytest.mark.parametrize("text", [None, "Name:\tpython\nVmRSS:\t  1000 kB\n"])
@pytest.mark.parametrize(("platform", "unit"), [("linux", 1024), ("darwin", 1)])
def test_without_such_a_line_the_peak_is_what_the_system_counted(text, platform, unit, told_otherwise, monkeypatch):
    import resource
    from types import SimpleNamespace

    told_otherwise(text)
    monkeypatch.setattr(files.sys, "platform", platform)
    monkeypatch.setattr(resource, "getrusage", lambda who: SimpleNamespace(ru_maxrss=5000 if who == resource.RUSAGE_SELF else 0))
    assert peak_memory() == 5000 * unit


def test_on_windows_the_peak_is_not_known(told_otherwise, monkeypatch):
    told_otherwise(None)
    monkeypatch.setattr(files, "WINDOWS", True)
    assert peak_memory() == 0


def test_a_new_file_overwrites_nothing_unless_forced(tmp_path):
    path = tmp_path / "new" / "folder" / "f"
    write_new(path, b"first")
    with pytest.raises(UsageError, match="exists already") as caught:
        write_new(path, b"second")
    assert caught.value.file == str(path)
    assert path.read_bytes() == b"first"
    write_new(path, b"second", force=True)
    assert path.read_bytes() == b"second"


def test_refusing_names_the_file_that_is_there(tmp_path):
    (tmp_path / "b").touch()
    with pytest.raises(UsageError) as caught:
        refuse_overwriting([tmp_path / "a", tmp_path / "b"], force=False)
    assert caught.value.file == str(tmp_path / "b")
    refuse_overwriting([tmp_path / "a", tmp_path / "b"], force=True)
    refuse_overwriting([tmp_path / "a"], force=False)


@posix
def test_files_of_one_result_appear_together_with_their_modes(tmp_path):
    wanted = {tmp_path / "x" / "a": (b"A", PUBLIC), tmp_path / "y" / "b": (b"B", PRIVATE)}
    write_together(wanted)
    for path, (data, wanted_mode) in wanted.items():
        assert (content(path.parent), mode(path)) == ({path.name: data}, wanted_mode)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_result_of_several_files_that_cannot_be_written_whole_is_not_begun(after, tmp_path, monkeypatch):
    for name in "abc":
        (tmp_path / name).write_bytes(b"before")
    failing(monkeypatch, files, "write_atomically", after=after)
    with pytest.raises(Crash):
        write_together({tmp_path / name: (b"after", PUBLIC) for name in "abc"})
    assert content(tmp_path) == dict.fromkeys("abc", b"before")


@posix
def test_a_private_directory_is_its_owners(tmp_path):
    make_private_directory(tmp_path / "d")
    assert mode(tmp_path / "d") == 0o700


@posix
@pytest.mark.parametrize("bits", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o777])
def test_a_secret_that_others_may_touch_is_refused(bits, tmp_path):
    path = tmp_path / "k"
    path.write_bytes(b"canary")
    path.chmod(bits)
    with pytest.raises(KeyringError, match="others may read") as caught:
        read_secret(path)
    assert "chmod 600" in caught.value.hint
    assert "canary" not in str(caught.value)


@posix
@pytest.mark.parametrize("bits", [0o600, 0o400, 0o700])
def test_a_secret_of_its_owner_alone_is_read(bits, tmp_path):
    path = tmp_path / "k"
    path.write_bytes(b"canary")
    path.chmod(bits)
    assert read_secret(path) == b"canary"


def test_a_missing_secret_is_a_key_error(tmp_path):
    with pytest.raises(KeyringError, match="missing"):
        read_secret(tmp_path / "k")


def _hold(path, ready, leave):
    with exclusive_lock(path):
        ready.set()
        leave.wait(20)


def test_another_process_that_holds_the_lock_keeps_us_out_until_it_ends(tmp_path):
    context = multiprocessing.get_context("spawn")
    ready, leave = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path / "lock", ready, leave))
    other.start()
    try:
        assert ready.wait(20)
        with pytest.raises(LockedError), exclusive_lock(tmp_path / "lock"):
            pytest.fail("two writers at once")
    finally:
        other.kill()
        other.join()
    with exclusive_lock(tmp_path / "lock"):
        pass


def test_the_lock_frees_itself_when_its_holder_fails(tmp_path):
    with pytest.raises(Crash), exclusive_lock(tmp_path / "lock"):
        raise Crash
    with exclusive_lock(tmp_path / "lock"):
        pass


@pytest.mark.parametrize(("within", "told"), [(1_999_999_999, {-3: 4 << 20}), (2_000_000_000, {-4: 0, -1: 1 << 30})])
def test_what_is_freed_is_given_back_at_once_only_where_a_job_is_to_stay_within_little(within, told, monkeypatch):
    heard = {}
    monkeypatch.setattr(files.sys, "platform", "linux")
    monkeypatch.setattr(files.ctypes, "CDLL", lambda _: SimpleNamespace(mallopt=heard.__setitem__))
    settle_memory(within)
    assert heard == told


def test_a_system_whose_library_cannot_be_told_is_left_as_it_is(monkeypatch):
    monkeypatch.setattr(files.ctypes, "CDLL", lambda _: SimpleNamespace())
    settle_memory(1 << 30)


def test_past_the_cache_or_not_a_file_has_the_same_bytes(tmp_path):
    data = os.urandom(3 * files.PAGE + 5)
    (tmp_path / "f").write_bytes(data)
    with (tmp_path / "f").open("rb", buffering=0) as stream:
        read_past_the_cache(stream)
        for at in (0, files.PAGE, 3 * files.PAGE, 4 * files.PAGE):
            out = pages(len(data))
            assert len(out) % files.PAGE == 0
            assert read_at(stream, at, out) == max(len(data) - at, 0)
            assert out[: max(len(data) - at, 0)] == data[at:]


def test_a_file_that_cannot_be_read_past_the_cache_after_all_is_read_as_any_other(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    direct, real = getattr(os, "O_DIRECT", 0), files._read_at
    (tmp_path / "f").write_bytes(b"1234")

    def picky(stream, at, out):
        if fcntl.fcntl(stream, fcntl.F_GETFL) & direct:
            raise OSError(errno.EINVAL, "Invalid argument")
        return real(stream, at, out)

    monkeypatch.setattr(files, "_read_at", picky)
    with (tmp_path / "f").open("rb", buffering=0) as stream:
        read_past_the_cache(stream)
        out = bytearray(4)
        assert read_at(stream, 0, memoryview(out)) == 4
        assert out == b"1234"
