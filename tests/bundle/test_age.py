"""Our reader of age files gives what pyrage gives, and refuses what pyrage refuses; pyrage reads what is written."""

import io

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from linkage.bundle import age
from linkage.bundle.age import CHUNK, TAG, decrypted, encrypted, parse_header, scalar
from linkage.errors import BundleError, FormatError, TruncatedError, WrongRecipientError

SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 32 * CHUNK - 1, 32 * CHUNK, 32 * CHUNK + 1, 65 * CHUNK + 5)


@pytest.fixture(scope="module")
def identity():
    return pyrage.x25519.Identity.generate()


@pytest.fixture(scope="module")
def other():
    return pyrage.x25519.Identity.generate()


def ours(data, identity):
    return b"".join(decrypted(io.BytesIO(data), scalar(str(identity)), "f.age"))


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


def test_a_bit_turned_anywhere_is_refused_as_pyrage_refuses_it(sealed, identity):
    size = parse_header(sealed, "f").size
    for at in [*range(size + 20), size + 16 + CHUNK + TAG, len(sealed) - 1]:
        broken = sealed[:at] + bytes([sealed[at] ^ 1 << at % 8]) + sealed[at + 1 :]
        assert theirs(broken, identity) is None
        with pytest.raises(BundleError):
            ours(broken, identity)


def test_a_file_cut_anywhere_is_refused_as_pyrage_refuses_it(sealed, identity):
    size = parse_header(sealed, "f").size
    for at in [*range(0, size + 40), size + 16 + CHUNK + TAG - 1, size + 16 + CHUNK + TAG, len(sealed) - 1]:
        assert theirs(sealed[:at], identity) is None
        with pytest.raises(TruncatedError if at < size + 16 else FormatError):
            ours(sealed[:at], identity)


def moved(sealed, chunks):
    """The file with its chunks in this order."""
    start = parse_header(sealed, "f").size + 16
    parts = [sealed[at : at + CHUNK + TAG] for at in range(start, len(sealed), CHUNK + TAG)]
    return sealed[:start] + b"".join(parts[number] for number in chunks)


@pytest.mark.parametrize("chunks", [(0, 1), (1, 0, 2), (0, 1, 1, 2), (0, 2), (2,), (0, 1, 2, 2)], ids=str)
def test_chunks_left_out_doubled_or_moved_are_refused(chunks, identity):
    sealed = pyrage.encrypt(bytes(3 * CHUNK - 5), [identity.to_public()])
    assert ours(moved(sealed, (0, 1, 2)), identity) == bytes(3 * CHUNK - 5)
    assert theirs(moved(sealed, chunks), identity) is None
    with pytest.raises(FormatError):
        ours(moved(sealed, chunks), identity)


@pytest.mark.parametrize("size", [1, 15, 16, 17, CHUNK + TAG])
def test_bytes_behind_the_end_are_refused(size, sealed, identity):
    assert theirs(sealed + bytes(size), identity) is None
    with pytest.raises(FormatError):
        ours(sealed + bytes(size), identity)


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


def test_every_fault_of_a_header_is_refused_as_pyrage_refuses_it(sealed, identity):
    for name, data in headers(sealed).items():
        assert data != sealed, name
        assert theirs(data, identity) is None, name
        with pytest.raises(BundleError):
            ours(data, identity)


def test_a_header_without_end_is_not_read_to_the_end(identity):
    with pytest.raises(FormatError):
        ours(b"age-encryption.org/v1\n" + b"-> more\n\n" * 10_000, identity)


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
