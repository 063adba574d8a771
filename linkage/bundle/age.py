"""Age v1 files: a file key in the header for each recipient, then the payload, chunk by chunk, each proven before it is given out.

Both directions are done here, with the primitives of `cryptography`, because OpenSSL's ChaCha20-Poly1305 takes a third of the
time of the one in pyrage, and a bundle of a million records is two gigabytes. Nothing but recipients of the type X25519 is
known. The tests hold this to pyrage: the same plaintext, refusal of the same files, and pyrage reads what is written.
Source: age v1, https://c2sp.org/age (header, X25519 recipient, payload); RFC 4648; RFC 5869; RFC 7748; RFC 8439.
"""

from __future__ import annotations

import binascii
import hmac
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from typing import IO, Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from linkage.errors import FormatError, TruncatedError, VersionError, WrongRecipientError
from linkage.files import reserve

NONCE, TAG, CHUNK = 16, 16, 64 << 10
LONGEST_HEADER = 64 << 10
_SEALED = CHUNK + TAG
_AT_ONCE = 32 * _SEALED  # so much that whoever reads may do something with it aside
_FIRST_LINE = b"age-encryption.org/v1\n"
_ANY_VERSION = b"age-encryption.org/v"
_STANZA = re.compile(rb"-> ([!-~]+(?: [!-~]+)*)\n((?:[0-9A-Za-z+/]{64}\n)*[0-9A-Za-z+/]{0,63}\n)")
_FILE_KEY, _WORD = 16, 32
_X25519: Final = b"age-encryption.org/v1/X25519"
_NO_NONCE: Final = bytes(12)
_BECH32 = {letter: value for value, letter in enumerate("qpzry9x8gf2tvdw0s3jn54khce6mua7l")}
_CHECKSUM = 6


class Readable(Protocol):
    """What can be read."""

    def read(self, size: int) -> bytes:
        """Up to so many bytes; fewer only at the end."""
        ...


class Stanza(NamedTuple):
    """What a header holds for one recipient.

    Attributes:
        words: type and arguments.
        body: bytes.
    """

    words: tuple[bytes, ...]
    body: bytes


class Header(NamedTuple):
    """A header, taken apart and not believed yet.

    Attributes:
        stanzas: one for each recipient; made-up ones (`…-grease`) are age's habit and mean nothing.
        proven: what the proof is of: everything before it.
        mac: 32 bytes.
        size: how many bytes of the file it takes.
    """

    stanzas: tuple[Stanza, ...]
    proven: bytes
    mac: bytes
    size: int


def scalar(text: str) -> bytes:
    """The 32 bytes in an identity (`AGE-SECRET-KEY-1…`) or recipient (`age1…`) whose checksum was verified.

    Source: BIP 173.
    """
    values = [_BECH32[letter] for letter in text.lower().rpartition("1")[2][:-_CHECKSUM]]
    bits = "".join(f"{value:05b}" for value in values)
    return int(bits[: 8 * _WORD], 2).to_bytes(_WORD, "big")


def encrypted(source: Readable, out: IO[bytes], recipients: Sequence[bytes], size: int) -> None:
    """Write an age file that each of the recipients can open.

    Args:
        source: the plaintext.
        out: where to.
        recipients: 32 bytes each, see `scalar`.
        size: bytes of the plaintext.

    Raises:
        ValueError: a recipient is a point of small order, which anybody could open it as.
    """
    file_key, nonce = secrets.token_bytes(_FILE_KEY), secrets.token_bytes(NONCE)
    stanzas = b"".join(_stanza(file_key, recipient) for recipient in recipients)
    proven = _FIRST_LINE + stanzas + b"---"
    mac = hmac.digest(_derived(file_key, b"", b"header"), proven, "sha256")
    beginning = b"".join((proven, b" ", _text(mac), b"\n", nonce))
    chunks = max(1, -(-size // CHUNK))
    reserve(out, len(beginning) + size + TAG * chunks)
    out.write(beginning)
    cipher = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
    for number in range(chunks):
        chunk = source.read(min(CHUNK, size - number * CHUNK))
        out.write(cipher.encrypt(number.to_bytes(11, "big") + bytes([number == chunks - 1]), chunk, None))


def _stanza(file_key: bytes, recipient: bytes) -> bytes:
    """The file key under a key that the recipient alone can agree on."""
    once = X25519PrivateKey.generate()
    share, shared = once.public_key().public_bytes_raw(), once.exchange(X25519PublicKey.from_public_bytes(recipient))
    wrapped = ChaCha20Poly1305(_derived(shared, share + recipient, _X25519)).encrypt(_NO_NONCE, file_key, None)
    return b"-> X25519 " + _text(share) + b"\n" + _text(wrapped) + b"\n"


def _text(data: bytes) -> bytes:
    """Base64 without padding."""
    return b64encode(data).rstrip(b"=")


def decrypted(source: Readable, secret: bytes, file: str | None) -> Iterator[bytes]:
    """The plaintext chunk by chunk, each proven; only when all were given out it is known that nothing is missing.

    Args:
        source: the age file from its beginning.
        secret: 32 bytes, see `scalar`.
        file: name for messages.

    Raises:
        TruncatedError: ends within the header.
        VersionError: another version of age.
        WrongRecipientError: sealed to somebody else.
        FormatError: no age file, or its bytes were changed; a payload cut short cannot be told apart from it.
    """
    beginning = source.read(LONGEST_HEADER)
    header = parse_header(beginning, file)
    file_key = _file_key(header, secret, file)
    if not hmac.compare_digest(hmac.digest(_derived(file_key, b"", b"header"), header.proven, "sha256"), header.mac):
        raise _changed(file)
    start = header.size + NONCE
    if len(beginning) < start:
        raise TruncatedError("the file ends before its content", file=file)
    cipher = ChaCha20Poly1305(_derived(file_key, beginning[header.size : start], b"payload"))
    for number, sealed, last in _chunks(beginning[start:], source):
        if last and len(sealed) <= TAG and (number or len(sealed) < TAG):  # an empty chunk must be the only one
            raise _changed(file)
        try:
            yield cipher.decrypt(number.to_bytes(11, "big") + bytes([last]), sealed, None)
        except InvalidTag:
            raise _changed(file) from None


def _chunks(rest: bytes, source: Readable) -> Iterator[tuple[int, memoryview, bool]]:
    """Each chunk: its number, its bytes, and whether it is the last; they are read several at a time."""
    number, batch = 0, rest + source.read(_AT_ONCE - len(rest))
    while True:
        following = source.read(_AT_ONCE)
        sealed = memoryview(batch)
        for at in range(0, max(len(batch), 1), _SEALED):
            yield number, sealed[at : at + _SEALED], not following and at + _SEALED >= len(batch)
            number += 1
        if not following:
            return
        batch = following


def _file_key(header: Header, secret: bytes, file: str | None) -> bytes:
    """What the first stanza holds that was made for this secret."""
    private = X25519PrivateKey.from_private_bytes(secret)
    recipient = private.public_key().public_bytes_raw()
    for stanza in header.stanzas:
        if stanza.words[0] != b"X25519":
            continue
        share = _binary(stanza.words[1], file) if len(stanza.words) == 2 else b""  # type and share
        if (len(share), len(stanza.body)) != (_WORD, _FILE_KEY + TAG):
            raise _changed(file)
        try:
            shared = private.exchange(X25519PublicKey.from_public_bytes(share))
            wrapping = ChaCha20Poly1305(_derived(shared, share + recipient, _X25519))
            return wrapping.decrypt(_NO_NONCE, stanza.body, None)
        except InvalidTag:
            continue
        except ValueError:  # a share of small order
            raise _changed(file) from None
    raise WrongRecipientError("the file is not sealed to this key", file=file)


def _derived(secret: bytes, salt: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), _WORD, salt, purpose).derive(secret)


def parse_header(beginning: bytes, file: str | None) -> Header:
    """The header at the beginning of an age file.

    Args:
        beginning: at least `LONGEST_HEADER` bytes of the file, or all that it has.
        file: name for messages.

    Raises:
        TruncatedError: it ends within the header.
        VersionError: another version of age.
        FormatError: not an age file.
    """
    refuse_other_age(beginning, file)
    size = _header_size(beginning, file)
    at, stanzas = len(_FIRST_LINE), []
    while found := _STANZA.match(beginning, at, size):
        stanzas.append(Stanza(tuple(found[1].split(b" ")), _binary(found[2].replace(b"\n", b""), file)))
        at = found.end()
    if not stanzas or beginning[at : at + 4] != b"--- ":
        raise FormatError("not an age file", file=file)
    return Header(tuple(stanzas), beginning[: at + 3], _binary(beginning[at + 4 : size - 1], file), size)


def _header_size(beginning: bytes, file: str | None) -> int:
    mac = beginning.find(b"\n--- ", 0, LONGEST_HEADER)
    end = beginning.find(b"\n", mac + 1, LONGEST_HEADER) + 1
    if mac >= 0 and end > 0:
        return end
    if len(beginning) < LONGEST_HEADER:
        raise TruncatedError("the file ends within its header", file=file)
    raise FormatError("not an age file", file=file)


def refuse_other_age(data: bytes, file: str | None) -> None:
    """Refuse what does not begin as an age v1 file.

    Raises:
        TruncatedError: too short to tell.
        VersionError: a later version of age.
        FormatError: something else.
    """
    first = data[: len(_FIRST_LINE)]
    if first == _FIRST_LINE:
        return
    if _FIRST_LINE.startswith(first):
        raise TruncatedError("the file ends before it begins", file=file)
    if first.startswith(_ANY_VERSION):
        raise VersionError("the file is of another version of age", file=file)
    raise FormatError("not an age file", file=file)


def _binary(text: bytes, file: str | None) -> bytes:
    """Base64 without padding, of which there is one writing only."""
    try:
        data = b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise FormatError("not an age file", file=file) from None
    if _text(data) != text:
        raise FormatError("not an age file", file=file)
    return data


def _changed(file: str | None) -> FormatError:
    return FormatError("the file was changed or cut after it was sealed", file=file)
