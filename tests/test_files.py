"""A file is as before or wholly new; a secret is its owner's; one process writes at a time."""

import multiprocessing
import os
import stat
import sys

import pytest

from linkage import files
from linkage.errors import KeyringError, LockedError, UsageError
from linkage.files import (
    PRIVATE,
    PUBLIC,
    exclusive_lock,
    make_private_directory,
    read_secret,
    refuse_overwriting,
    write_atomically,
    write_new,
    write_together,
)

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes say nothing on Windows")


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
