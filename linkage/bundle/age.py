"""Age v1 files: a file key in the header for each recipient, then the payload, chunk by chunk, each proven before it is given out.

Both directions are done here, with the primitives of `cryptography`, because OpenSSL's ChaCha20-Poly1305 takes a third of the
time of the one in pyrage, and a bundle of a million records is two gigabytes. Nothing but recipients of the type X25519 is
known. The tests hold this to pyrage: the same plaintext, refusal of the same files, and pyrage reads what is written.
Source: age v1, https://c2sp.org/age (header, X25519 recipient, payload); RFC 4648; RFC 5869; RFC 7748; RFC 8439.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import io
import itertools
import re
import secrets
import weakref
from base64 import b64decode, b64encode
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from linkage.errors import FormatError, TruncatedError, VersionError, WrongRecipientError
from linkage.files import PAGE, machine_memory, pages, read_at, read_past_the_cache, reserve, size_of

NONCE, TAG, CHUNK = 16, 16, 64 << 10
LONGEST_HEADER = 64 << 10
_SEALED = CHUNK + TAG
_CHUNKS_AT_ONCE = 32
_MOST_BEGUN = 64  # as many columns may be read side by side
_AT_ONCE = _CHUNKS_AT_ONCE * _SEALED  # so much that whoever reads may do something with it aside
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
    start, cipher = _unlocked(beginning, secret, file)
    for number, sealed, last in _chunks(beginning[start:], source):
        yield _chunk(cipher, number, sealed, file, last=last)


@dataclass(frozen=True, eq=False, repr=False)
class Payload:
    """The plaintext of an age file, decrypted where it is looked at.

    Of what was read nothing is kept but chunks of which only the beginning was asked for: whoever reads several columns from
    front to back, a stretch of each in turn, comes back for the rest.

    Attributes:
        stream: the age file, which is closed when nobody holds the payload any more.
        head: the bytes before the first chunk.
        cipher: under the payload's key.
        size: bytes of plaintext; that the last of them is there is known when it was read.
        file: name for messages.
        begun: number and plaintext of the last few chunks that were not read to their end.
        rooms: memory for sealed chunks that nobody reads into at the moment.
    """

    stream: io.FileIO
    head: bytes
    cipher: ChaCha20Poly1305
    size: int
    file: str | None
    begun: OrderedDict[int, bytes] = field(default_factory=OrderedDict)
    rooms: deque[memoryview] = field(default_factory=deque)

    def __post_init__(self) -> None:
        """The file goes with the payload."""
        weakref.finalize(self, self.stream.close)

    def read_into(self, at: int, out: memoryview) -> None:
        """As many bytes of the plaintext as fit, from there on, by any number of threads at once.

        Raises:
            ValueError: there are fewer.
            FormatError: the file is no longer as it was sealed.
        """
        if not 0 <= at <= self.size - len(out):
            raise ValueError("there are fewer bytes")
        end = at + len(out)
        for number, chunk in self._opened(at // CHUNK, -(-end // CHUNK)) if out else ():
            start = number * CHUNK
            first, last = max(at, start), min(end, start + CHUNK)
            out[first - at : last - at] = memoryview(chunk)[first - start : last - start]
            if end < start + len(chunk):
                self._keep(number, chunk)

    def _keep(self, number: int, chunk: bytes) -> None:
        self.begun[number] = chunk
        if len(self.begun) > _MOST_BEGUN:
            self.begun.popitem(last=False)

    def sha256(self, *, proven: bool) -> str:
        """SHA-256 of the age file, taken aside.

        Args:
            proven: whether all of the file is to be decrypted: the very bytes that the digest is of.

        Raises:
            FormatError: the file is not as it was sealed; where it need not be proven, only if it has another length.
        """
        digest = hashlib.sha256(self.head)
        with ThreadPoolExecutor(1) as aside, self._room() as one, self._room() as other:
            last, rooms = aside.submit(digest.update, b""), itertools.cycle((one, other))
            for number in range(0, self._chunks, _CHUNKS_AT_ONCE):
                sealed = self._sealed(number, self._chunks, next(rooms))
                last.result()
                last = aside.submit(digest.update, sealed)
                for _ in self._each(number, sealed) if proven else ():
                    pass
            last.result()
        if size_of(self.stream) != len(self.head) + self.size + TAG * self._chunks:
            raise _changed(self.file)
        return digest.hexdigest()

    @property
    def _chunks(self) -> int:
        return max(1, -(-self.size // CHUNK))

    def _opened(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """Chunks from the first up to the last: number and plaintext."""
        begun = self.begun.pop(first, None)
        if begun is not None:
            yield first, begun
            first += 1
        if first >= last:
            return
        with self._room() as room:
            for number in range(first, last, _CHUNKS_AT_ONCE):
                yield from self._each(number, self._sealed(number, last, room))

    def _sealed(self, first: int, last: int, room: memoryview) -> memoryview:
        """The sealed chunks from the first up to the last, or as many as there is room for."""
        start = first * _SEALED
        end = min(last * _SEALED, start + _AT_ONCE, self.size + TAG * self._chunks)
        begin = len(self.head) + start
        before = begin % PAGE
        size = before + end - start
        if read_at(self.stream, begin - before, room[: -(-size // PAGE) * PAGE]) < size:
            raise _changed(self.file)
        return room[before:size]

    def _each(self, first: int, sealed: memoryview) -> Iterator[tuple[int, bytes]]:
        """Some chunks: number and plaintext."""
        for number, at in enumerate(range(0, len(sealed), _SEALED), first):
            yield number, _chunk(self.cipher, number, sealed[at : at + _SEALED], self.file, last=number == self._chunks - 1)

    @contextmanager
    def _room(self) -> Iterator[memoryview]:
        """Memory for as many sealed chunks as are read at once, which is used again."""
        try:
            room = self.rooms.pop()
        except IndexError:
            room = pages(_AT_ONCE + PAGE)
        yield room
        self.rooms.append(room)


def open_payload(path: Path, secret: bytes, file: str | None) -> Payload:
    """The plaintext of an age file that lies on the disk; of its payload nothing was looked at yet.

    Raises:
        TruncatedError: ends within the header.
        VersionError: another version of age.
        WrongRecipientError: sealed to somebody else.
        FormatError: no age file, or its header was changed, or its payload has a length that none has.
    """
    with ExitStack() as on_failure:
        stream = on_failure.enter_context(path.open("rb", buffering=0))
        room = pages(LONGEST_HEADER)
        beginning = bytes(room[: read_at(stream, 0, room)])
        start, cipher = _unlocked(beginning, secret, file)
        sealed = size_of(stream) - start
        chunks = max(1, -(-sealed // _SEALED))
        _refuse_length(chunks - 1, sealed - (chunks - 1) * _SEALED, file)
        if sealed > machine_memory() // 2:
            read_past_the_cache(stream)
        on_failure.pop_all()
        return Payload(stream, beginning[:start], cipher, sealed - chunks * TAG, file)


def _unlocked(beginning: bytes, secret: bytes, file: str | None) -> tuple[int, ChaCha20Poly1305]:
    """Where the payload begins, and the cipher under its key, if the header is as the sender wrote it."""
    header = parse_header(beginning, file)
    file_key = _file_key(header, secret, file)
    if not hmac.compare_digest(hmac.digest(_derived(file_key, b"", b"header"), header.proven, "sha256"), header.mac):
        raise _changed(file)
    start = header.size + NONCE
    if len(beginning) < start:
        raise TruncatedError("the file ends before its content", file=file)
    return start, ChaCha20Poly1305(_derived(file_key, beginning[header.size : start], b"payload"))


def _chunk(cipher: ChaCha20Poly1305, number: int, sealed: memoryview, file: str | None, *, last: bool) -> bytes:
    """The plaintext of a chunk, proven."""
    if last:
        _refuse_length(number, len(sealed), file)
    try:
        return cipher.decrypt(number.to_bytes(11, "big") + bytes([last]), sealed, None)
    except InvalidTag:
        raise _changed(file) from None


def _refuse_length(number: int, size: int, file: str | None) -> None:
    """A last chunk holds something, or is the only one."""
    if size < TAG or (number and size == TAG):
        raise _changed(file)


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
