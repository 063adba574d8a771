"""Opening a file: what opening its bytes gives, the same named error for the same fault, and nothing left behind."""

from dataclasses import asdict
from datetime import date

import numpy as np
import pytest

from linkage.bundle import open as module
from linkage.bundle.body import read_linking
from linkage.bundle.format import padded_size
from linkage.bundle.keyring import decrypt, encrypt
from linkage.bundle.open import open_bundle, read_outer
from linkage.canonical import canonical_json
from linkage.errors import BundleError, KeyringError, TruncatedError

LAST_DAY = date(2019, 12, 31)
CHUNK = (64 << 10) + 16


@pytest.fixture(scope="module")
def sealed(police, folders, body):
    return police.forge(police.manifest(body, folders.unit.public), body, folders.unit.public)


@pytest.fixture
def room(tmp_path):
    """An empty folder for scratch files."""
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


@pytest.fixture
def opening(tmp_path, folders, room):
    """`opening(data)`: open the bytes as a file that is called police.age in messages."""

    def run(data, **changes):
        (tmp_path / "stored.age").write_bytes(data)
        usual = {"section": "linking", "today": LAST_DAY, "file": "police.age", "scratch_folder": room}
        return open_bundle(tmp_path / "stored.age", changes.pop("keys", folders.unit), **usual | changes)

    return run


def bytes_opened(data, folders, **changes):
    usual = {"section": "linking", "today": LAST_DAY, "file": "police.age"}
    return open_bundle(data, changes.pop("keys", folders.unit), **usual | changes)


def test_a_file_gives_what_its_bytes_give(sealed, opening, folders, body, protocol):
    found, expected = opening(sealed), bytes_opened(sealed, folders)
    assert found.body == expected.body == body
    assert (found.manifest, found.bundle_id, found.protocol) == (expected.manifest, expected.bundle_id, expected.protocol)
    columns, others = (read_linking(one.body, protocol, "f", rows=5) for one in (found, expected))
    assert np.array_equal(columns.record, others.record)
    for axis in ("filters", "tokens"):
        assert len(getattr(columns, axis)) == len(getattr(others, axis)) > 0
        assert all(np.array_equal(a, b) for a, b in zip(getattr(columns, axis), getattr(others, axis), strict=True))


def test_an_opened_file_can_be_read_after_the_sealed_one_is_gone_and_leaves_no_name(sealed, opening, body, room, tmp_path):
    found = opening(sealed)
    assert list(room.iterdir()) == []
    (tmp_path / "stored.age").unlink()
    assert found.body == body
    assert [path.name for path in tmp_path.iterdir()] == ["scratch"]


def test_plaintext_goes_to_the_folder_that_was_named_and_else_to_the_systems(sealed, opening, room, monkeypatch):
    made = []
    real = module.scratch
    monkeypatch.setattr(module, "scratch", lambda folder: made.append(folder) or real(folder))
    opening(sealed)
    opening(sealed, scratch_folder=None)
    assert made == [room, None]


def test_bytes_are_opened_without_any_file(sealed, folders, monkeypatch):
    monkeypatch.setattr(module, "scratch", None)
    assert bytes_opened(sealed, folders)


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def places(sealed):
    """Where it hurts: header, nonce, both ends and the middle of the first chunk, the last chunk and its tag."""
    start = len(sealed) - read_outer(sealed, file="f").content_bytes - 16 * -(-len(sealed) // CHUNK)
    return [0, 3, 20, 21, 30, 60, 100, 150, start - 1, start, start + CHUNK - 1, start + CHUNK, len(sealed) // 2, len(sealed) - 17]


@pytest.fixture(scope="module")
def damaged(sealed):
    """Name of a damage to the bytes that it leaves."""
    cut = {f"cut at {at}": sealed[:at] for at in (*places(sealed), len(sealed) - 1)}
    turned = {f"flipped at {at}": flipped(sealed, at) for at in (*places(sealed), len(sealed) - 1)}
    longer = {f"{len(extra)} bytes more": sealed + extra for extra in (b"\0", b"x" * CHUNK)}
    return cut | turned | longer | {"another file": b"%PDF-1.7\n" * 20_000, "a later age": sealed.replace(b"/v1", b"/v2", 1)}


def told(open_it, data, **changes):
    with pytest.raises((BundleError, KeyringError)) as caught:
        open_it(data, **changes)
    return caught.type, str(caught.value), caught.value.hint


def test_every_damage_to_a_file_is_the_error_that_it_is_to_its_bytes_and_leaves_nothing(damaged, opening, folders, room):
    errors = set()
    for name, data in damaged.items():
        found = told(opening, data)
        assert found == told(lambda data: bytes_opened(data, folders), data), name
        assert list(room.iterdir()) == [], name
        errors.add(found[0])
    assert {one.__name__ for one in errors} >= {"TruncatedError", "FormatError", "VersionError", "WrongRecipientError"}


@pytest.fixture(scope="module")
def hostile(police, folders, body, sealed):
    """Name of a fault that shows only after decrypting, to the bytes that have it."""
    unit, honest = folders.unit.public, police.manifest(body, folders.unit.public)

    def forged(data=body, *, keys=None, **changes):
        return police.forge(police.manifest(body, unit, **changes), data, unit, **({"signer": keys} if keys else {}))

    plaintext = decrypt(sealed, folders.unit)
    return {
        "nothing inside": encrypt(b"", [unit.recipient]),
        "one byte inside": encrypt(b"h", [unit.recipient]),
        "a magic and no more": encrypt(b"headcount-bundle/1\n", [unit.recipient]),
        "another version": police.forge(honest, body, unit, magic=b"headcount-bundle/2\n"),
        "a manifest longer than the file": police.forge(honest, body, unit, length=2**19),
        "a manifest that is no JSON": police.forge(b"{", body, unit),
        "a field too many": police.forge(canonical_json(asdict(honest) | {"surname": "x"}), body, unit),
        "another signer": forged(keys=folders.ngo),
        "the other section": forged(section="content"),
        "past its last day": forged(not_after="2019-12-30"),
        "a body that was exchanged": forged(body[:-1] + b"x"),
        "a body that was cut": forged(b""),
        "something in the padding": police.forge(honest, body, unit, padding=b"x"),
        "zeros beyond the bucket": encrypt(plaintext + bytes(padded_size(len(plaintext) + 1) - len(plaintext)), [unit.recipient]),
        "no padding": encrypt(plaintext.rstrip(b"\0"), [unit.recipient]),
        "another protocol": forged(protocol_id="00" * 32),
        "passed on": encrypt(plaintext, [folders.other_unit.public.recipient]),
    }


def test_every_fault_inside_a_file_is_the_error_that_it_is_inside_its_bytes_and_leaves_nothing(hostile, opening, folders, room):
    errors = set()
    for name, data in hostile.items():
        keys = folders.other_unit if name == "passed on" else folders.unit
        found = told(opening, data, keys=keys)
        assert found == told(lambda data, keys=keys: bytes_opened(data, folders, keys=keys), data), name
        assert list(room.iterdir()) == [], name
        errors.add(found[0])
    assert len(errors) >= 7


@pytest.mark.parametrize("name", ["other_unit", "office", "police", "auditor"])
def test_another_readers_key_is_refused_as_for_bytes_and_decrypts_nothing(name, sealed, opening, folders, room):
    keys = getattr(folders, name)
    assert told(opening, sealed, keys=keys) == told(lambda data: bytes_opened(data, folders, keys=keys), sealed)
    assert list(room.iterdir()) == []


def test_the_outside_of_a_large_file_is_read_from_its_beginning(folders, police, body, opening):
    """A file that is longer than any header, but has none, is no age file; one that ends within it was cut."""
    for data in (b"age-encryption.org/v1\n" + b"-" * (1 << 17), b"age-encryption.org/v1\n-> X25519 "):
        assert told(opening, data) == told(lambda data: bytes_opened(data, folders), data)
    with pytest.raises(TruncatedError):
        opening(b"age-encryption.org/v1\n-> X25519 ")


def test_a_disk_that_is_full_is_not_taken_for_a_broken_bundle(sealed, opening, room, monkeypatch):
    from contextlib import contextmanager

    real = module.scratch

    class Full:
        """A file that takes nothing."""

        def __init__(self, stream):
            self.stream = stream

        def write(self, _data):
            raise OSError(28, "No space left on device")

        def __getattr__(self, name):
            return getattr(self.stream, name)

    @contextmanager
    def full(folder):
        with real(folder) as stream:
            yield Full(stream)

    monkeypatch.setattr(module, "scratch", full)
    with pytest.raises(OSError, match="No space left"):
        opening(sealed)
    assert list(room.iterdir()) == []
