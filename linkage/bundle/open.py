"""Open a bundle: nothing is believed before it was checked, and nothing is parsed before it was believed.

The order is fixed: decrypt completely, or know that these bytes were decrypted completely before, magic and version,
manifest, signature, section, recipient, expiry, body, protocol. A fault ends it with one named error, and the caller holds
nothing. What only the reader's memory can tell (who this agency's signer was before, which sequence was seen, whether all
key check values agree) is for intake. The plaintext of a bundle that lies in a file is written to no other: what is needed
of it is decrypted where it is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

from linkage.bundle.age import CHUNK, LONGEST_HEADER, NONCE, TAG, parse_header
from linkage.bundle.format import (
    READERS,
    Manifest,
    Section,
    Unpacked,
    body_of,
    check_body,
    check_protocol,
    is_bucket,
    parse_manifest,
    signed_message,
    unpack,
)
from linkage.bundle.keyring import KeyFolder, decrypt, payload, require_role, verify
from linkage.canonical import digest_of_bytes
from linkage.errors import ExpiredError, FormatError, SignatureError, TruncatedError, WrongRecipientError
from linkage.protocol import Protocol
from linkage.stored import Memory, Ranges


@dataclass(frozen=True)
class Opened:
    """A bundle that passed every check.

    Attributes:
        manifest: what the author signed.
        body: what `read_linking` or `read_content` takes; of a file, what decrypts whatever is read of it.
        bundle_id: SHA-256 of the manifest's bytes; the same bundle sealed twice has one ID.
        protocol: the protocol inside, whose ID is the manifest's.
        file_sha256: SHA-256 of the age file, taken of the very bytes that were decrypted completely, now or before.
    """

    manifest: Manifest
    body: Ranges = field(repr=False)
    bundle_id: str
    protocol: Protocol = field(repr=False)
    file_sha256: str


class Outer(NamedTuple):
    """What anyone can see of an age file.

    Attributes:
        stanzas: types of the recipient stanzas; a made-up one (`…-grease`) is age's habit and means nothing.
        file_bytes: length of the file.
        content_bytes: length of the padded plaintext.
    """

    stanzas: tuple[str, ...]
    file_bytes: int
    content_bytes: int


def open_bundle(
    data: bytes | Path,
    keys: KeyFolder,
    *,
    section: Section,
    today: date,
    file: str,
    checked: str | None = None,
) -> Opened:
    """The bundle's manifest, body and protocol, if every check holds.

    Args:
        data: the age file, or where it lies: then it stays open as long as somebody holds the body.
        keys: key folder of the section's reader.
        section: the section that the caller may see.
        today: bundles are refused after their last day.
        file: name for messages.
        checked: SHA-256 of an age file that was opened before. Equal bytes have equal plaintext under one key: of that file nothing
            is decrypted but what is looked at.

    Raises:
        KeyringError: the key folder is not of the section's reader.
        BundleError: one subclass per fault.
    """
    require_role(keys, READERS[section])
    plaintext, file_sha256 = _decrypt(data, keys, file, checked)
    manifest, unpacked = _believe(plaintext, file)
    if manifest.section != section:
        raise WrongRecipientError(f"this is the {manifest.section} section, {section} is needed", file=file)
    if manifest.recipient != keys.public.recipient:
        raise WrongRecipientError("the author sealed this to somebody else, who passed it on", file=file)
    if today > date.fromisoformat(manifest.not_after):
        raise ExpiredError("the bundle is past its last day", file=file)
    body = body_of(manifest, unpacked, file) if file_sha256 == checked else check_body(manifest, unpacked, file)
    protocol = check_protocol(manifest, file)
    return Opened(manifest, body, digest_of_bytes(unpacked.manifest), protocol, file_sha256)


def read_manifest(data: bytes, keys: KeyFolder, *, file: str) -> Manifest:
    """The signed manifest, also of a bundle that is expired or another role's: for looking, not for using.

    Raises:
        BundleError: it cannot be decrypted, is no bundle, or is not signed by the signer that it names.
    """
    plaintext, _ = _decrypt(data, keys, file)
    return _believe(plaintext, file)[0]


def _believe(plaintext: Ranges, file: str) -> tuple[Manifest, Unpacked]:
    unpacked = unpack(plaintext, file)
    manifest = parse_manifest(unpacked.manifest, file)
    if not verify(manifest.signer, signed_message(unpacked.manifest), unpacked.signature):
        raise SignatureError("the signature is not that of the signer whom the manifest names", file=file)
    return manifest, unpacked


def _decrypt(data: bytes | Path, keys: KeyFolder, file: str, checked: str | None = None) -> tuple[Ranges, str]:
    """The plaintext, and the SHA-256 of what was decrypted.

    A bundle has few possible lengths, so one cut short is told from one that was changed.
    """
    outer = _outer(data, file)
    try:
        if isinstance(data, bytes):
            return Memory(decrypt(data, keys, file=file)), digest_of_bytes(data)
        plaintext = payload(data, keys, file=file)
        if checked is not None and plaintext.sha256(proven=False) == checked:
            return plaintext, checked
        return plaintext, plaintext.sha256(proven=True)
    except FormatError:
        if is_bucket(outer.content_bytes):
            raise
        raise TruncatedError("the file does not have a length that bundles have: it was cut", file=file) from None


def _outer(data: bytes | Path, file: str) -> Outer:
    if isinstance(data, bytes):
        return read_outer(data, file=file)
    with data.open("rb") as source:
        return _read_outer(source.read(LONGEST_HEADER), data.stat().st_size, file)


def read_outer(data: bytes, *, file: str) -> Outer:
    """What an age file shows without any key.

    Raises:
        TruncatedError: it ends within the header.
        VersionError: of another version of age.
        FormatError: not an age file.

    Source: age v1, https://c2sp.org/age (header, payload).
    """
    return _read_outer(data, len(data), file)


def _read_outer(data: bytes, size: int, file: str) -> Outer:
    """The same from the beginning of a file of this size."""
    header = parse_header(data, file)
    sealed = size - header.size - NONCE
    if sealed < TAG:
        raise TruncatedError("the file ends before its content", file=file)
    chunks = -(-sealed // (CHUNK + TAG))
    return Outer(tuple(stanza.words[0].decode() for stanza in header.stanzas), size, sealed - chunks * TAG)
