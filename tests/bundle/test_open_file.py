"""Opening a file: what opening its bytes gives, the same named error for the same fault, and nothing is written anywhere."""

import contextlib
import mmap
import sys
import tempfile
from dataclasses import asdict
from datetime import date

import numpy as np
import pytest

from linkage.bundle import age
from linkage.bundle.body import linking_body, read_linking
from linkage.bundle.format import padded_size
from linkage.bundle.keyring import decrypt, encrypt
from linkage.bundle.open import open_bundle, read_outer
from linkage.canonical import canonical_json, digest_of_bytes
from linkage.errors import BundleError, FormatError, KeyringError, TruncatedError
from linkage.stored import whole

LAST_DAY = date(2019, 12, 31)
CHUNK = (64 << 10) + 16


@pytest.fixture(scope="module")
def sealed(police, folders, body):
    return police.forge(police.manifest(body, folders.unit.public), body, folders.unit.public)


@pytest.fixture
def unwritable(monkeypatch):
    """`with unwritable():` no file takes a byte, none is made for a while, and none is mapped."""

    def refuse(*_, **__):
        pytest.fail("plaintext has nothing to do in a file")

    real = mmap.mmap

    @contextlib.contextmanager
    def hold():
        import resource  # Windows has none

        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        with monkeypatch.context() as patched:
            for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
                patched.setattr(tempfile, name, refuse)
            patched.setattr(
                mmap, "mmap", lambda number, *given, **options: (number == -1 or refuse()) and real(-1, *given, **options)
            )
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
            try:
                yield
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return hold


@pytest.fixture
def opening(tmp_path, folders):
    """`opening(data)`: open the bytes as a file that is called police.age in messages."""

    def run(data, **changes):
        (tmp_path / "stored.age").write_bytes(data)
        usual = {"section": "linking", "today": LAST_DAY, "file": "police.age"}
        return open_bundle(tmp_path / "stored.age", changes.pop("keys", folders.unit), **usual | changes)

    return run


def bytes_opened(data, folders, **changes):
    usual = {"section": "linking", "today": LAST_DAY, "file": "police.age"}
    return open_bundle(data, changes.pop("keys", folders.unit), **usual | changes)


def test_a_file_gives_what_its_bytes_give(sealed, opening, folders, body, protocol):
    found, expected = opening(sealed), bytes_opened(sealed, folders)
    assert whole(found.body) == whole(expected.body) == body
    assert (found.manifest, found.bundle_id, found.protocol) == (expected.manifest, expected.bundle_id, expected.protocol)
    assert found.file_sha256 == expected.file_sha256 == digest_of_bytes(sealed)
    columns, others = (read_linking(one.body, protocol, "f", rows=5) for one in (found, expected))
    assert np.array_equal(columns.record, others.record)
    for axis in ("filters", "tokens"):
        assert len(getattr(columns, axis)) == len(getattr(others, axis)) > 0
        assert all(np.array_equal(a, b) for a, b in zip(getattr(columns, axis), getattr(others, axis), strict=True))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no files")
def test_a_file_is_opened_and_read_where_nothing_can_be_written(sealed, folders, body, protocol, tmp_path, unwritable):
    path = tmp_path / "stored.age"
    path.write_bytes(sealed)
    with unwritable():
        with pytest.raises(OSError, match="large"):
            (tmp_path / "proof").write_bytes(b"x")
        for checked in (None, digest_of_bytes(sealed)):
            opened = open_bundle(path, folders.unit, section="linking", today=LAST_DAY, file="f", checked=checked)
            columns = read_linking(opened.body, protocol, "f", rows=5)
            assert all(np.asarray(one).shape[0] == 5 for one in (*columns.filters, *columns.tokens))
            assert whole(opened.body) == body


def test_an_opened_file_can_be_read_after_it_lost_its_name(sealed, opening, body, tmp_path):
    found = opening(sealed)
    (tmp_path / "stored.age").unlink()
    assert whole(found.body) == body
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def decrypts(monkeypatch):
    """Numbers of the chunks that are decrypted."""
    numbers, real = [], age._chunk
    monkeypatch.setattr(
        age, "_chunk", lambda cipher, number, *given, **options: numbers.append(number) or real(cipher, number, *given, **options)
    )
    return numbers


@pytest.fixture
def long(police, folders, encodings, protocol):
    """A sealed list of several chunks, and its number of rows."""
    body = linking_body(*encodings(400, protocol), protocol)
    manifest = police.manifest(body, folders.unit.public, rows=400)
    return police.forge(manifest, body, folders.unit.public)


def all_chunks(data):
    """Numbers of a file's chunks."""
    return set(range(-(-read_outer(data, file="f").content_bytes // (64 << 10))))


def test_a_file_that_was_opened_before_is_decrypted_only_where_it_is_looked_at(long, opening, protocol, decrypts):
    chunks = all_chunks(long)
    opening(long)
    assert set(decrypts) == chunks, "a new file is proven whole"
    decrypts.clear()
    found = opening(long, checked=digest_of_bytes(long))
    columns = read_linking(found.body, protocol, "f", rows=400)
    assert set(decrypts) < chunks
    decrypts.clear()
    assert np.asarray(columns.filters[1]).shape == (400, protocol.words)
    assert 0 < len(decrypts) <= 2


def test_a_file_that_is_not_the_one_that_was_opened_before_is_proven_whole(long, sealed, opening, decrypts):
    found = opening(long, checked=digest_of_bytes(sealed))
    assert found.file_sha256 == digest_of_bytes(long)
    assert set(decrypts) == all_chunks(long)
    broken = long[:-20] + bytes(20)
    with pytest.raises(FormatError, match="changed"):
        opening(broken, checked=digest_of_bytes(long))


def test_what_is_changed_after_a_file_was_opened_is_refused_under_its_name_when_it_is_looked_at(long, opening, protocol, tmp_path):
    columns = read_linking(opening(long).body, protocol, "police.age", rows=400)
    (tmp_path / "stored.age").write_bytes(long[: -len(long) // 2] + bytes(len(long) // 2))
    with pytest.raises(FormatError, match=r"police\.age.*changed"):
        [np.asarray(one) for one in (*columns.filters, *columns.tokens)]


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


def test_every_damage_to_a_file_is_the_error_that_it_is_to_its_bytes_and_leaves_nothing(damaged, opening, folders, tmp_path):
    errors = set()
    for name, data in damaged.items():
        found = told(opening, data)
        assert found == told(lambda data: bytes_opened(data, folders), data), name
        assert [path.name for path in tmp_path.iterdir()] == ["stored.age"], name
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


def test_every_fault_inside_a_file_is_the_error_that_it_is_inside_its_bytes_and_leaves_nothing(hostile, opening, folders, tmp_path):
    errors = set()
    for name, data in hostile.items():
        keys = folders.other_unit if name == "passed on" else folders.unit
        found = told(opening, data, keys=keys)
        assert found == told(lambda data, keys=keys: bytes_opened(data, folders, keys=keys), data), name
        assert [path.name for path in tmp_path.iterdir()] == ["stored.age"], name
        errors.add(found[0])
    assert len(errors) >= 7


@pytest.mark.parametrize("name", ["other_unit", "office", "police", "auditor"])
def test_another_readers_key_is_refused_as_for_bytes_and_decrypts_nothing(name, sealed, opening, folders, decrypts):
    keys = getattr(folders, name)
    assert told(opening, sealed, keys=keys) == told(lambda data: bytes_opened(data, folders, keys=keys), sealed)
    assert decrypts == []


def test_the_outside_of_a_large_file_is_read_from_its_beginning(folders, police, body, opening):
    """A file that is longer than any header, but has none, is no age file; one that ends within it was cut."""
    for data in (b"age-encryption.org/v1\n" + b"-" * (1 << 17), b"age-encryption.org/v1\n-> X25519 "):
        assert told(opening, data) == told(lambda data: bytes_opened(data, folders), data)
    with pytest.raises(TruncatedError):
        opening(b"age-encryption.org/v1\n-> X25519 ")
