"""Keys of an agency: one linkage key per epoch, from which every other key follows by purpose.

The linkage key itself encodes nothing. HKDF makes one key per field, block and purpose of it, each bound to project and
epoch, so that what leaks or repeats in one place says nothing about another. Record pseudonyms are under the agency's
own key, which no other agency has: nobody can join two agencies' pseudonyms, and a corrected extract names its records
as before.

Source: reference `security.md`, section 3.2; the text labels are fixed for format version 1.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from numpy.typing import NDArray

from linkage.agency.texts import length_prefixed_pool
from linkage.bundle.format import RECORD_LENGTH, file_label, is_hex, length_prefixed
from linkage.bundle.keyring import SECRET_BYTES, KeyFolder, PublicKey, refuse_weak, require_role
from linkage.bundle.share import Share, open_share
from linkage.canonical import canonical_json
from linkage.errors import KeyringError
from linkage.files import PRIVATE, read_secret, write_atomically
from linkage.sha256 import keyed_hashes

FORMAT = "headcount-linkage-key/1"
KCV_BYTES = 8
_BLOCK = 64  # bytes of a block of SHA-256; no key is longer
_ALPHABET = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", np.uint8)
_PAIRS = np.stack([np.repeat(_ALPHABET, 32), np.tile(_ALPHABET, 32)], axis=1).view(np.uint16)[:, 0]
_CHUNK = 1 << 15


@dataclass(frozen=True)
class LinkageKeys:
    """The root key of an epoch and the domain that it is bound to.

    Attributes:
        root: 32 bytes; not shown by `repr`.
        project: domain of the pseudonyms.
        epoch: period of the key.
    """

    root: bytes = field(repr=False)
    project: str
    epoch: str


def install_share(
    data: bytes, keys: KeyFolder, *, custodian: PublicKey | None, force: bool = False, file: str | None = None
) -> Path:
    """Open the agency's share and keep the linkage key in its key folder; installing the same share again is no change.

    Raises:
        KeyringError: another linkage key of this epoch is installed and `force` is not set; or as `open_share`.
        SignatureError: not signed by the custodian given.
        BundleError: the share cannot be opened.
    """
    share = open_share(data, keys, custodian=custodian, file=file)
    path = _path(keys, share.project, share.epoch)
    stored = _stored(share)
    if path.exists() and not force and read_secret(path) != stored:
        raise KeyringError(
            "another linkage key of this epoch is installed already",
            file=str(path),
            hint="what was sealed under it links with nothing sealed under the new one; add --force if that is meant",
        )
    write_atomically(path, stored, mode=PRIVATE)
    return path


def _stored(share: Share) -> bytes:
    return canonical_json({"format": FORMAT, "project": share.project, "epoch": share.epoch, "secret": share.secret}) + b"\n"


def _path(keys: KeyFolder, project: str, epoch: str) -> Path:
    return keys.directory / f"linkage-{file_label(project)}.{file_label(epoch)}.key"


def linkage_secret(keys: KeyFolder, project: str, epoch: str) -> bytes:
    """The installed linkage key of a project's epoch, 32 bytes.

    Raises:
        KeyringError: not an agency's keys; none is installed; or the file is exposed, damaged or of another epoch.
    """
    require_role(keys, "agency")
    path = _path(keys, project, epoch)
    if not path.exists():
        hint = "ask the custodian for this agency's share and run `headcount keys install`"
        raise KeyringError("no linkage key of this epoch is installed", file=str(keys.directory), hint=hint)
    secret = _secret_of(read_secret(path), project, epoch, str(path))
    refuse_weak(secret, str(path))
    return secret


def _secret_of(stored: bytes, project: str, epoch: str, file: str) -> bytes:
    try:
        plain = json.loads(stored)
        named = (plain["format"], plain["project"], plain["epoch"])
        secret = str(plain["secret"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise KeyringError("the linkage key's file is damaged", file=file) from None
    if named != (FORMAT, *(unicodedata.normalize("NFC", text) for text in (project, epoch))):
        raise KeyringError("the file holds the linkage key of another epoch", file=file)
    if not is_hex(secret, SECRET_BYTES):
        raise KeyringError("the linkage key's file is damaged", file=file)
    return bytes.fromhex(secret)


def derive(secret: bytes, project: str, epoch: str) -> LinkageKeys:
    """The root of all linkage keys of a project's epoch.

    Raises:
        KeyringError: the secret is not 32 random bytes.
    """
    refuse_weak(secret)
    salt = hashlib.sha256(length_prefixed("headcount/v1/salt", project, epoch)).digest()
    return LinkageKeys(root_key(secret, salt, b"headcount/v1/linkage-root"), project, epoch)


def field_key(keys: LinkageKeys, field: str, algorithm: str) -> bytes:
    """The key of one field's (or domain's) encoding by one algorithm, 32 bytes."""
    return _purpose(keys, "headcount/v1/enc", field, algorithm)


def diffuse_key(keys: LinkageKeys) -> bytes:
    """The key that draws the positions of diffusion, 32 bytes."""
    return _purpose(keys, "headcount/v1/diffuse")


def block_key(keys: LinkageKeys, rule: str) -> bytes:
    """The key of one blocking rule's tokens, 32 bytes."""
    return _purpose(keys, "headcount/v1/block", rule)


def lock_key(keys: LinkageKeys, lock: str) -> bytes:
    """The key that a lock's masks are drawn under, 32 bytes."""
    return _purpose(keys, "headcount/v1/lock", lock)


def fill_key(keys: LinkageKeys) -> bytes:
    """The key under which what is missing is filled, 32 bytes."""
    return _purpose(keys, "headcount/v1/fill")


def key_check_value(keys: LinkageKeys) -> bytes:
    """Eight bytes that are equal where the linkage keys are equal, and tell nothing else of a random key."""
    message = length_prefixed(keys.project, keys.epoch)
    return hmac.digest(_purpose(keys, "headcount/v1/kcv"), message, "sha256")[:KCV_BYTES]


def _purpose(keys: LinkageKeys, label: str, *names: str) -> bytes:
    return expand(keys.root, length_prefixed(label, keys.project, keys.epoch, *names))


def keyed_hash(key: bytes) -> Callable[[bytes], bytes]:
    """HMAC-SHA256 under one key, for very many messages: what depends on the key alone is worked out once.

    Source: RFC 2104.
    """
    padded = key.ljust(_BLOCK, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))

    def digest(message: bytes) -> bytes:
        first, second = inner.copy(), outer.copy()
        first.update(message)
        second.update(first.digest())
        return second.digest()

    return digest


def uniform(digest: bytes, below: int) -> NDArray[np.uint32]:
    """(at most 8,) uint32: the 32-bit words of a digest as numbers below `below`, without modulo bias.

    Words at or above the largest multiple of `below` are passed over, so that there can be fewer than eight.
    """
    words = np.frombuffer(digest, ">u4").astype(np.uint32)
    return np.asarray(words[words < (1 << 32) - (1 << 32) % below] % below, np.uint32)


def root_key(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA256, extract and expand, 32 bytes.

    Source: RFC 5869.
    """
    return HKDF(SHA256(), 32, salt, info).derive(secret)


def expand(key: bytes, info: bytes) -> bytes:
    """HKDF-Expand with SHA-256, 32 bytes.

    Source: RFC 5869, section 2.3.
    """
    return HKDFExpand(SHA256(), 32, info).derive(key)


def record_pseudonym(agency_key: bytes, project: str, epoch: str, local_id: str) -> str:
    """The name under which a record leaves the agency: 26 characters of base32, upper case."""
    return str(record_pseudonyms(agency_key, project, epoch, [local_id])[0], "ascii")


def record_pseudonyms(agency_key: bytes, project: str, epoch: str, local_ids: Iterable[str]) -> NDArray[np.bytes_]:
    """Record pseudonyms of many local ids.

    Args:
        agency_key: the agency's own key, 32 bytes.
        project: domain of the pseudonyms.
        epoch: period of the pseudonyms.
        local_ids: the agency's own record ids; the same after NFC = the same pseudonym.

    Returns:
        (n,) bytes `S26`, in the order of the ids.

    Raises:
        KeyringError: the agency key is not 32 random bytes.
    """
    refuse_weak(agency_key)
    ids = length_prefixed_pool(["headcount/v1/record", project, epoch, *local_ids])
    own = np.arange(3, len(ids.start) - 1)
    rows = np.stack([*(np.full_like(own, part) for part in range(3)), own], axis=1)
    digests = keyed_hashes(agency_key, ids, rows)
    parts = [_base32(digests[at : at + _CHUNK]) for at in range(0, len(digests), _CHUNK)]
    return np.concatenate(parts) if parts else np.empty(0, f"S{RECORD_LENGTH}")


def _base32(digests: NDArray[np.uint32]) -> NDArray[np.bytes_]:
    """The first 26 base32 characters of each digest, (n, 8) big-endian words: two of them are ten bits.

    Source: RFC 4648, section 6.
    """
    pairs = np.empty((len(digests), RECORD_LENGTH // 2), np.uint16)
    words = digests.astype(np.uint64)
    for pair in range(pairs.shape[1]):
        word, bit = divmod(10 * pair, 32)
        pairs[:, pair] = _PAIRS[((words[:, word] << np.uint64(32) | words[:, word + 1]) >> np.uint64(54 - bit)) & np.uint64(1023)]
    return pairs.view(f"S{RECORD_LENGTH}")[:, 0]
