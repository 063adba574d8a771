"""Seal a bundle: describe the body, sign the description, encrypt both to the one reader.

age keeps the content from everybody else and does not say who wrote it; the signature says who wrote it and for whom.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import IO, NamedTuple

from linkage.bundle.format import READERS, Manifest, Section, head, padded_size, parse_manifest, signed_message
from linkage.bundle.keyring import KeyFolder, PublicKey, encrypt_stream, require_role, sign
from linkage.canonical import canonical_json
from linkage.errors import FormatError, KeyringError, UsageError
from linkage.schema import plain

_AT_A_TIME = 1 << 18  # bytes, which stay in the cache of a core


class Body(NamedTuple):
    """A body that need not fit in memory.

    Attributes:
        stream: its bytes; can seek.
        size: how many.
        sha256: their digest, as 64 hexadecimal digits.
    """

    stream: IO[bytes]
    size: int
    sha256: str


def described(stream: IO[bytes]) -> Body:
    """The bytes of a stream as a body."""
    digest, size = hashlib.sha256(), 0
    for data in _blocks(stream):
        digest.update(data)
        size += len(data)
    return Body(stream, size, digest.hexdigest())


def _blocks(stream: IO[bytes]) -> Iterator[memoryview]:
    """The bytes of a stream from its beginning, a block at a time, each in the memory of the one before."""
    stream.seek(0)
    memory = memoryview(bytearray(_AT_A_TIME))
    while size := stream.readinto(memory):  # type: ignore[attr-defined]  # every binary stream has it
        yield memory[:size]


def seal(body: bytes, manifest: Manifest, keys: KeyFolder, recipient: PublicKey) -> bytes:
    """The bundle as an age v1 file that only the recipient can open; errors as of `seal_to`."""
    out = io.BytesIO()
    seal_to(out, described(io.BytesIO(body)), manifest, keys, recipient)
    return out.getvalue()


def seal_to(out: IO[bytes], body: Body, manifest: Manifest, keys: KeyFolder, recipient: PublicKey) -> None:
    """Write the bundle as an age v1 file that only the recipient can open.

    Raises:
        KeyringError: the keys are not an agency's, or the recipient is not the section's reader.
        UsageError: the manifest describes another body, author or recipient, or could not be opened.
    """
    require_role(keys, "agency")
    require_reader(manifest.section, recipient)
    _refuse_other(body, manifest, keys, recipient)
    signed = canonical_json(plain(manifest))
    _refuse_impossible(signed)
    start = head(signed, sign(keys, signed_message(signed)))
    encrypt_stream(_Plaintext(start, body), out, [recipient.recipient], padded_size(len(start) + body.size))


def require_reader(section: Section, recipient: PublicKey) -> None:
    """Refuse to seal a section to a role that does not read it.

    Raises:
        KeyringError: the recipient is of another role.
    """
    if recipient.role != READERS[section]:
        raise KeyringError(f"the {section} section is for the role {READERS[section]}, not {recipient.role}")


class _Plaintext:
    """Head, body and padding of a bundle, one behind the other, to be read once."""

    def __init__(self, start: bytes, body: Body) -> None:
        self._start, self._body = start, body.stream
        self._body.seek(0)

    def read(self, size: int) -> bytes:
        """So many bytes, the zeros of the padding without an end."""
        start, self._start = self._start[:size], self._start[size:]
        data = start + self._body.read(size - len(start))
        return data.ljust(size, b"\0")


def _refuse_impossible(signed: bytes) -> None:
    """What the reader would refuse is not sealed in the first place."""
    try:
        parse_manifest(signed, "")
    except FormatError as error:
        raise UsageError(error.message, hint="a period is letters, digits, _ and -, at most 40; a sequence counts from 1") from None


def _refuse_other(body: Body, manifest: Manifest, keys: KeyFolder, recipient: PublicKey) -> None:
    said = (manifest.agency, manifest.signer, manifest.recipient, manifest.body_bytes, manifest.body_sha256)
    if said != (keys.public.name, keys.public.signing, recipient.recipient, body.size, body.sha256):
        raise UsageError("the manifest describes another body, author or recipient")
