"""Open a bundle: nothing is believed before it was checked, and nothing is parsed before it was believed.

The order is fixed: decrypt completely, magic and version, manifest, signature, section, recipient, expiry, body,
protocol. A fault ends it with one named error, and the caller holds nothing. What only the reader's memory can tell
(who this agency's signer was before, which sequence was seen, whether all key check values agree) is for intake.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

from linkage.bundle.format import (
    READERS,
    Manifest,
    Section,
    Unpacked,
    check_body,
    check_protocol,
    is_bucket,
    parse_manifest,
    signed_message,
    unpack,
)
from linkage.bundle.keyring import KeyFolder, decrypt, decrypt_into, refuse_other_age, require_role, verify
from linkage.canonical import digest_of_bytes
from linkage.errors import ExpiredError, FormatError, SignatureError, TruncatedError, WrongRecipientError
from linkage.files import mapped, scratch
from linkage.protocol import Protocol

# age v1: a 16-byte nonce, then chunks of 64 KiB, each with a 16-byte tag.
_NONCE, _TAG, _CHUNK = 16, 16, 64 << 10
_LONGEST_HEADER = 64 << 10


@dataclass(frozen=True)
class Opened:
    """A bundle that passed every check.

    Attributes:
        manifest: what the author signed.
        body: the bytes that `read_linking` or `read_content` takes.
        bundle_id: SHA-256 of the manifest's bytes; the same bundle sealed twice has one ID.
        protocol: the protocol inside, whose ID is the manifest's.
    """

    manifest: Manifest
    body: memoryview = field(repr=False)
    bundle_id: str
    protocol: Protocol = field(repr=False)


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
    data: bytes | Path, keys: KeyFolder, *, section: Section, today: date, file: str, scratch_folder: Path | None = None
) -> Opened:
    """The bundle's manifest, body and protocol, if every check holds.

    Args:
        data: the age file, or where it lies: then its plaintext goes to a nameless file, and the body is a view of that.
        keys: key folder of the section's reader.
        section: the section that the caller may see.
        today: bundles are refused after their last day.
        file: name for messages.
        scratch_folder: where the nameless file is made; in the system's folder for such files if None.

    Raises:
        KeyringError: the key folder is not of the section's reader.
        BundleError: one subclass per fault.
    """
    require_role(keys, READERS[section])
    manifest, unpacked = _believe(_decrypt(data, keys, file, scratch_folder), file)
    if manifest.section != section:
        raise WrongRecipientError(f"this is the {manifest.section} section, {section} is needed", file=file)
    if manifest.recipient != keys.public.recipient:
        raise WrongRecipientError("the author sealed this to somebody else, who passed it on", file=file)
    if today > date.fromisoformat(manifest.not_after):
        raise ExpiredError("the bundle is past its last day", file=file)
    body = check_body(manifest, unpacked, file)
    protocol = check_protocol(manifest, file)
    return Opened(manifest, body, digest_of_bytes(unpacked.manifest), protocol)


def read_manifest(data: bytes, keys: KeyFolder, *, file: str) -> Manifest:
    """The signed manifest, also of a bundle that is expired or another role's: for looking, not for using.

    Raises:
        BundleError: it cannot be decrypted, is no bundle, or is not signed by the signer that it names.
    """
    return _believe(_decrypt(data, keys, file), file)[0]


def _believe(plaintext: memoryview, file: str) -> tuple[Manifest, Unpacked]:
    unpacked = unpack(plaintext, file)
    manifest = parse_manifest(unpacked.manifest, file)
    if not verify(manifest.signer, signed_message(unpacked.manifest), unpacked.signature):
        raise SignatureError("the signature is not that of the signer whom the manifest names", file=file)
    return manifest, unpacked


def _decrypt(data: bytes | Path, keys: KeyFolder, file: str, scratch_folder: Path | None = None) -> memoryview:
    """Decrypt; a bundle has few possible lengths, so one cut short is told from one that was changed."""
    outer = _outer(data, file)
    try:
        if isinstance(data, bytes):
            return memoryview(decrypt(data, keys, file=file))
        with data.open("rb") as source, scratch(scratch_folder) as plaintext:
            decrypt_into(plaintext, source, keys, file=file)
            return mapped(plaintext)
    except FormatError:
        if is_bucket(outer.content_bytes):
            raise
        raise TruncatedError("the file does not have a length that bundles have: it was cut", file=file) from None


def _outer(data: bytes | Path, file: str) -> Outer:
    if isinstance(data, bytes):
        return read_outer(data, file=file)
    with data.open("rb") as source:
        return _read_outer(source.read(_LONGEST_HEADER), data.stat().st_size, file)


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
    refuse_other_age(data, file)
    header_end = _header_end(data, file)
    lines = data[:header_end].decode("ascii", "replace").split("\n")
    stanzas = tuple(line.split(" ")[1] for line in lines if line.startswith("-> "))
    sealed = size - header_end - _NONCE
    if sealed < _TAG:
        raise TruncatedError("the file ends before its content", file=file)
    chunks = -(-sealed // (_CHUNK + _TAG))
    return Outer(stanzas, size, sealed - chunks * _TAG)


def _header_end(data: bytes, file: str) -> int:
    mac = data.find(b"\n--- ", 0, _LONGEST_HEADER)
    end = data.find(b"\n", mac + 1, _LONGEST_HEADER) + 1
    if mac >= 0 and end > 0:
        return end
    if len(data) < _LONGEST_HEADER:
        raise TruncatedError("the file ends within its header", file=file)
    raise FormatError("not an age file", file=file)
