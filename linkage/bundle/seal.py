"""Seal a bundle: describe the body, sign the description, encrypt both to the one reader.

age keeps the content from everybody else and does not say who wrote it; the signature says who wrote it and for whom.
"""

from __future__ import annotations

from linkage.bundle.format import READERS, Manifest, pack, parse_manifest, signed_message
from linkage.bundle.keyring import KeyFolder, PublicKey, encrypt, require_role, sign
from linkage.canonical import canonical_json, digest_of_bytes
from linkage.errors import FormatError, KeyringError, UsageError
from linkage.schema import plain


def seal(body: bytes, manifest: Manifest, keys: KeyFolder, recipient: PublicKey) -> bytes:
    """The bundle as an age v1 file that only the recipient can open.

    Raises:
        KeyringError: the keys are not an agency's, or the recipient is not the section's reader.
        UsageError: the manifest describes another body, author or recipient, or could not be opened.
    """
    require_role(keys, "agency")
    if recipient.role != READERS[manifest.section]:
        raise KeyringError(f"the {manifest.section} section is for the role {READERS[manifest.section]}, not {recipient.role}")
    _refuse_other(body, manifest, keys, recipient)
    signed = canonical_json(plain(manifest))
    _refuse_impossible(signed)
    return encrypt(pack(signed, sign(keys, signed_message(signed)), body), [recipient.recipient])


def _refuse_impossible(signed: bytes) -> None:
    """What the reader would refuse is not sealed in the first place."""
    try:
        parse_manifest(signed, "")
    except FormatError as error:
        raise UsageError(error.message, hint="a period is letters, digits, _ and -, at most 40; a sequence counts from 1") from None


def _refuse_other(body: bytes, manifest: Manifest, keys: KeyFolder, recipient: PublicKey) -> None:
    said = (manifest.agency, manifest.signer, manifest.recipient, manifest.body_bytes, manifest.body_sha256)
    if said != (keys.public.name, keys.public.signing, recipient.recipient, len(body), digest_of_bytes(body)):
        raise UsageError("the manifest describes another body, author or recipient")
