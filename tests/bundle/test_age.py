"""Our readers of age files give what pyrage gives, and refuse what pyrage refuses; pyrage reads what is written."""

import gc
import hashlib
import io
import itertools
from concurrent.futures import ThreadPoolExecutor

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from linkage.bundle import age
from linkage.bundle.age import CHUNK, TAG, decrypted, encrypted, open_payload, parse_header, scalar
from linkage.errors import BundleError, FormatError, TruncatedError, WrongRecipientError
from linkage.stored import read, stretches, whole

SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 32 * CHUNK - 1, 32 * CHUNK, 32 * CHUNK + 1, 65 * CHUNK + 5)


@pytest.fixture(scope="module")
def identity():
    return pyrage.x25519.Identity.generate()


@pytest.fixture(scope="module")
def other():
    return pyrage.x25519.Identity.generate()


def ours(data, identity):
    return b"".join(decrypted(io.BytesIO(data), scalar(str(identity)), "f.age"))


@pytest.fixture
def lying(tmp_path, identity):
    """`lying(data)`: the payload of these bytes as they lie on the disk."""
    numbers = itertools.count()

    def lay(data, identity=identity):
        path = tmp_path / f"{next(numbers)}.age"
        path.write_bytes(data)
        return open_payload(path, scalar(str(identity)), "f.age")

    return lay


def theirs(data, identity):
    """The plaintext, or None where it is refused."""
    try:
        return pyrage.decrypt(data, [identity])
    except pyrage.DecryptError:
        return None


@pytest.mark.parametrize("size", SIZES)
def test_any_length_is_read_to_the_last_byte(size, identity):
    data = (bytes(range(251)) * (size // 251 + 1))[:size]
    assert ours(pyrage.encrypt(data, [identity.to_public()]), identity) == data


def written(data, *recipients):
    out = io.BytesIO()
    encrypted(io.BytesIO(data), out, [scalar(str(one.to_public())) for one in recipients], len(data))
    return out.getvalue()


@pytest.mark.parametrize("size", SIZES)
def test_pyrage_reads_what_is_written_to_the_last_byte(size, identity):
    data = (bytes(range(251)) * (size // 251 + 1))[:size]
    assert theirs(written(data, identity), identity) == data


def test_pyrage_reads_what_is_written_to_several_for_each_of_them_and_nobody_else(identity, other):
    sealed = written(b"data", other, identity)
    assert theirs(sealed, identity) == theirs(sealed, other) == b"data"
    assert theirs(sealed, pyrage.x25519.Identity.generate()) is None


def test_no_two_files_of_the_same_bytes_have_a_key_in_common(identity):
    one, other = written(bytes(CHUNK), identity), written(bytes(CHUNK), identity)
    assert not {one[at : at + 16] for at in range(30, len(one) - 16)} & {other[at : at + 16] for at in range(30, len(other) - 16)}


def test_nothing_is_written_to_a_point_of_small_order():
    with pytest.raises(ValueError):
        encrypted(io.BytesIO(b"data"), io.BytesIO(), [bytes(32)], 4)


def test_each_of_several_recipients_can_read_and_nobody_else(identity, other):
    sealed = pyrage.encrypt(b"data", [other.to_public(), identity.to_public()])
    assert ours(sealed, identity) == ours(sealed, other) == b"data"
    with pytest.raises(WrongRecipientError):
        ours(sealed, pyrage.x25519.Identity.generate())


def test_a_file_that_only_a_passphrase_opens_is_for_nobody(identity):
    with pytest.raises(WrongRecipientError):
        ours(pyrage.passphrase.encrypt(b"data", "correct horse"), identity)


def test_an_identity_in_letters_is_the_number_that_makes_its_recipient(identity):
    public = X25519PrivateKey.from_private_bytes(scalar(str(identity))).public_key().public_bytes_raw()
    values = [age._BECH32[letter] for letter in str(identity.to_public()).rpartition("1")[2][:-6]]
    assert "".join(f"{value:05b}" for value in values)[:256] == "".join(f"{octet:08b}" for octet in public)


@pytest.fixture(scope="module")
def sealed(identity):
    return pyrage.encrypt(bytes(range(256)) * 300, [identity.to_public()])


@pytest.fixture
def refused_alike(lying, identity):
    """`refused_alike(data)`: the error with which a stream is refused, and the same bytes as they lie on the disk."""

    def told(open_it):
        with pytest.raises(BundleError) as caught:
            open_it()
        return caught.type, str(caught.value)

    def run(data):
        found = told(lambda: ours(data, identity))
        assert found == told(lambda: lying(data).sha256(proven=True))
        return found[0]

    return run


def test_a_bit_turned_anywhere_is_refused_as_pyrage_refuses_it(sealed, identity, refused_alike):
    size = parse_header(sealed, "f").size
    for at in [*range(size + 20), size + 16 + CHUNK + TAG, len(sealed) - 1]:
        broken = sealed[:at] + bytes([sealed[at] ^ 1 << at % 8]) + sealed[at + 1 :]
        assert theirs(broken, identity) is None
        assert refused_alike(broken)


def test_a_file_cut_anywhere_is_refused_as_pyrage_refuses_it(sealed, identity, refused_alike):
    size = parse_header(sealed, "f").size
    for at in [*range(0, size + 40), size + 16 + CHUNK + TAG - 1, size + 16 + CHUNK + TAG, len(sealed) - 1]:
        assert theirs(sealed[:at], identity) is None
        assert refused_alike(sealed[:at]) is (TruncatedError if at < size + 16 else FormatError)


def moved(sealed, chunks):
    """The file with its chunks in this order."""
    start = parse_header(sealed, "f").size + 16
    parts = [sealed[at : at + CHUNK + TAG] for at in range(start, len(sealed), CHUNK + TAG)]
    return sealed[:start] + b"".join(parts[number] for number in chunks)


@pytest.mark.parametrize("chunks", [(0, 1), (1, 0, 2), (0, 1, 1, 2), (0, 2), (2,), (0, 1, 2, 2)], ids=str)
def test_chunks_left_out_doubled_or_moved_are_refused(chunks, identity, refused_alike):
    sealed = pyrage.encrypt(bytes(3 * CHUNK - 5), [identity.to_public()])
    assert ours(moved(sealed, (0, 1, 2)), identity) == bytes(3 * CHUNK - 5)
    assert theirs(moved(sealed, chunks), identity) is None
    assert refused_alike(moved(sealed, chunks)) is FormatError


@pytest.mark.parametrize("size", [1, 15, 16, 17, CHUNK + TAG])
def test_bytes_behind_the_end_are_refused(size, sealed, identity, refused_alike):
    assert theirs(sealed + bytes(size), identity) is None
    assert refused_alike(sealed + bytes(size)) is FormatError


def headers(sealed):
    """What is wrong with a header to a header of which it is."""
    header = parse_header(sealed, "f")
    text, payload = sealed[: header.size], sealed[header.size :]
    lines = text.split(b"\n")
    stanza = next(number for number, line in enumerate(lines) if line.startswith(b"-> X25519"))

    def changed(number, line):
        return b"\n".join([*lines[:number], line, *lines[number + 1 :]]) + payload

    return {
        "no stanza": lines[0] + b"\n" + lines[-2] + b"\n" + payload,
        "a word too many": changed(stanza, lines[stanza] + b" x"),
        "no share": changed(stanza, b"-> X25519"),
        "two blanks": changed(stanza, lines[stanza].replace(b" ", b"  ", 2)),
        "a short share": changed(stanza, lines[stanza][:-4]),
        "a share of small order": changed(stanza, b"-> X25519 " + b"A" * 43),
        "a long body": changed(stanza + 1, lines[stanza + 1] + b"AAAA"),
        "a padded body": changed(stanza + 1, lines[stanza + 1] + b"="),
        "a body that is no base64": changed(stanza + 1, b"!" + lines[stanza + 1][1:]),
        "a body of which there is another writing": changed(stanza + 1, lines[stanza + 1][:-1] + b"/"),
        "a carriage return": changed(stanza, lines[stanza] + b"\r"),
        "a proof of another length": text[:-2] + b"\n" + payload,
        "a proof of something else": text[:-44] + b"A" * 43 + b"\n" + payload,
        "a stanza added": text.replace(b"\n--- ", b"\n-> more\n\n--- ") + payload,
    }


def test_every_fault_of_a_header_is_refused_as_pyrage_refuses_it(sealed, identity, refused_alike):
    for name, data in headers(sealed).items():
        assert data != sealed, name
        assert theirs(data, identity) is None, name
        assert refused_alike(data), name


def test_a_header_without_end_is_not_read_to_the_end(refused_alike):
    assert refused_alike(b"age-encryption.org/v1\n" + b"-> more\n\n" * 10_000) is FormatError


def test_nothing_is_given_out_of_a_chunk_that_is_not_proven(identity):
    sealed = bytearray(pyrage.encrypt(bytes(40 * CHUNK), [identity.to_public()]))
    sealed[-1] ^= 1
    given = []
    with pytest.raises(FormatError):
        given.extend(decrypted(io.BytesIO(bytes(sealed)), scalar(str(identity)), "f"))
    assert sum(map(len, given)) < 40 * CHUNK
    assert set(b"".join(given)) == {0}


def test_no_error_and_no_header_shows_the_secret(sealed, identity, other):
    with pytest.raises(WrongRecipientError) as caught:
        ours(sealed, other)
    assert scalar(str(other)).hex() not in repr(caught.value)
    assert str(other) not in str(caught.value)


@pytest.mark.parametrize("size", SIZES)
def test_any_range_of_what_lies_on_the_disk_is_that_of_the_stream(size, identity, lying):
    data = (bytes(range(251)) * (size // 251 + 1))[:size]
    sealed = pyrage.encrypt(data, [identity.to_public()])
    payload = lying(sealed)
    assert payload.size == size
    assert whole(payload) == b"".join(map(bytes, stretches(payload))) == ours(sealed, identity) == theirs(sealed, identity) == data
    ends = sorted(
        {max(0, min(size, at + by)) for at in (0, CHUNK, 2 * CHUNK, 32 * CHUNK, 64 * CHUNK, size) for by in (-1, 0, 1, 5)}
    )
    for first, last in itertools.combinations_with_replacement(ends, 2):
        assert read(payload, first, last - first) == data[first:last], (first, last)
    assert read(payload, size, 1) == b""


@pytest.mark.parametrize(("at", "size"), [(-1, 1), (0, 9), (8, 1), (9, 0), (1 << 40, 1)])
def test_bytes_that_are_not_there_are_not_given(at, size, identity, lying):
    with pytest.raises(ValueError, match="fewer"):
        lying(pyrage.encrypt(b"12345678", [identity.to_public()])).read_into(at, memoryview(bytearray(size)))


def test_the_digest_is_that_of_the_file_whether_or_not_all_of_it_was_decrypted(identity, lying):
    for size in (0, CHUNK, 65 * CHUNK + 5):
        sealed = pyrage.encrypt(bytes(size), [identity.to_public()])
        payload = lying(sealed)
        assert {payload.sha256(proven=one) for one in (True, False)} == {hashlib.sha256(sealed).hexdigest()}


def test_a_digest_alone_decrypts_nothing(sealed, lying):
    broken = sealed[:-20] + bytes(20)
    assert lying(broken).sha256(proven=False) == hashlib.sha256(broken).hexdigest()
    with pytest.raises(FormatError, match="changed"):
        lying(broken).sha256(proven=True)


def test_a_byte_changed_after_it_was_opened_is_refused_when_its_chunk_is_read_and_no_other(identity, tmp_path):
    data = bytes(range(256)) * 1024  # four chunks
    sealed = pyrage.encrypt(data, [identity.to_public()])
    path, start = tmp_path / "f.age", parse_header(sealed, "f").size + 16
    for chunk, place in itertools.product(range(4), (0, 1, CHUNK // 2, CHUNK - 1, CHUNK, CHUNK + TAG - 1)):
        path.write_bytes(sealed)
        payload = open_payload(path, scalar(str(identity)), "police.age")
        at = start + chunk * (CHUNK + TAG) + place
        path.write_bytes(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :])
        for other in range(4):
            if other != chunk:
                assert read(payload, other * CHUNK, CHUNK) == data[other * CHUNK : (other + 1) * CHUNK]
        out = bytearray(1)
        with pytest.raises(FormatError, match="police.age") as caught:
            payload.read_into(chunk * CHUNK + 7, memoryview(out))
        assert out == b"\0"
        assert "changed" in caught.value.message


def test_a_file_that_was_cut_after_it_was_opened_gives_what_is_left_and_refuses_the_rest(identity, tmp_path):
    sealed = pyrage.encrypt(bytes(4 * CHUNK), [identity.to_public()])
    path, start = tmp_path / "f.age", parse_header(sealed, "f").size + 16
    for left in (0, start, start + 1, start + CHUNK + TAG, start + 2 * (CHUNK + TAG) - 1, len(sealed) - 1):
        path.write_bytes(sealed)
        payload = open_payload(path, scalar(str(identity)), "f")
        path.write_bytes(sealed[:left])
        whole_chunks = max(0, left - start) // (CHUNK + TAG)
        assert read(payload, 0, whole_chunks * CHUNK) == bytes(whole_chunks * CHUNK)
        with pytest.raises(FormatError, match="cut"):
            read(payload, whole_chunks * CHUNK, 1)
        with pytest.raises(FormatError, match="cut"):
            payload.sha256(proven=False)


def test_a_file_that_grew_after_it_was_opened_has_no_digest(sealed, identity, tmp_path):
    (tmp_path / "f.age").write_bytes(sealed)
    payload = open_payload(tmp_path / "f.age", scalar(str(identity)), "f")
    (tmp_path / "f.age").write_bytes(sealed + b"x")
    for proven in (True, False):
        with pytest.raises(FormatError, match="changed"):
            payload.sha256(proven=proven)


def test_several_threads_read_each_its_own(identity, lying):
    data = bytes(range(251)) * 4000
    payload = lying(pyrage.encrypt(data, [identity.to_public()]))
    places = [(at, min(size, len(data) - at)) for at in range(0, len(data), 9973) for size in (1, CHUNK, 5 * CHUNK)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda one: read(payload, *one), places))
    assert found == [data[at : at + size] for at, size in places]


def test_the_file_is_closed_when_nobody_holds_the_payload(sealed, lying):
    payload = lying(sealed)
    stream = payload.stream
    assert not stream.closed
    del payload
    gc.collect()
    assert stream.closed


def test_a_file_that_is_refused_is_closed(sealed, lying, recwarn):
    with pytest.raises(BundleError):
        lying(sealed[:100])
    gc.collect()
    assert not recwarn.list


def test_a_payload_shows_nothing_when_printed(sealed, lying):
    payload = lying(sealed)
    read(payload, 0, 5)
    assert repr(payload).startswith("<linkage.bundle.age.Payload object at 0x")


@pytest.mark.parametrize("size", [0, 1, CHUNK, 40 * CHUNK + 5])
def test_a_file_that_is_larger_than_half_of_the_memory_is_read_past_the_cache_to_the_same_bytes(size, lying, identity, monkeypatch):
    monkeypatch.setattr(age, "machine_memory", lambda: 0)
    data = (bytes(range(251)) * (size // 251 + 1))[:size]
    sealed = pyrage.encrypt(data, [identity.to_public()])
    payload = lying(sealed)
    assert payload.sha256(proven=True) == payload.sha256(proven=False) == hashlib.sha256(sealed).hexdigest()
    assert whole(payload) == data
    for at in range(0, size, 9 * CHUNK + 4097):
        assert read(payload, at, size - at) == data[at:]
