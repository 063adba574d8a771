"""The linkage key on its way: drawn once per epoch, sealed to each agency, kept by nobody who drew it.

All agencies encode under one linkage key, and the linkage unit must never have it. The custodian's program draws 32
random bytes, seals a copy to each agency, and ends; the bytes touch no disk in clear. A share is signed where the
custodian has keys, so that an agency need not believe that whoever can reach its public key is the custodian.
"""

from __future__ import annotations

import json
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

from linkage.bundle.format import is_hex, is_name, length_prefixed
from linkage.bundle.keyring import SECRET_BYTES, KeyFolder, PublicKey, decrypt, encrypt, refuse_weak, require_role, sign, verify
from linkage.canonical import canonical_json
from linkage.errors import FormatError, KeyringError, SchemaError, SignatureError, VersionError, WrongRecipientError
from linkage.protocol import Protocol
from linkage.schema import build

FORMAT = "headcount-share/1"
SIGNATURE_LABEL = "headcount/v1/share"
_FORBID = {"extra": "forbid"}


@dataclass(frozen=True)
class Share:
    """One agency's copy of the linkage key of an epoch.

    Attributes:
        format: version of this form.
        project: domain of the pseudonyms.
        epoch: period of the key.
        secret: 32 bytes, hexadecimal.
        agency: for whom it was sealed.
        custodian: Ed25519 public key of who drew it, hexadecimal; empty = unsigned.
        signature: over everything else, hexadecimal; empty = unsigned.
    """

    format: str
    project: str
    epoch: str
    secret: str = field(repr=False)
    agency: str
    custodian: str
    signature: str

    __pydantic_config__ = _FORBID


def draw_and_share(protocol: Protocol, agencies: Sequence[PublicKey], *, custodian: KeyFolder | None) -> dict[str, bytes]:
    """Draw the linkage key of the protocol's epoch and seal it to each agency.

    Args:
        protocol: names project and epoch.
        agencies: public keys of all agencies of the epoch; a later call draws another key.
        custodian: signs the shares; unsigned without.

    Returns:
        Agency name to age file.

    Raises:
        KeyringError: no agencies, one that is not an agency, two of one name, or keys that are not the custodian's.
    """
    _refuse_agencies(agencies)
    if custodian is not None:
        require_role(custodian, "custodian")
    drawn = secrets.token_bytes(SECRET_BYTES)
    refuse_weak(drawn)
    return {agency.name: _seal_share(protocol, agency, drawn, custodian) for agency in agencies}


def _refuse_agencies(agencies: Sequence[PublicKey]) -> None:
    if not agencies:
        raise KeyringError("a linkage key needs agencies to share it", hint="name each agency's public.json with --to")
    if any(agency.role != "agency" for agency in agencies):
        raise KeyringError("a linkage key goes to agencies only, never to the linkage unit or any other role")
    if len({agency.name for agency in agencies}) < len(agencies):
        raise KeyringError("two agencies have one name")


def _seal_share(protocol: Protocol, agency: PublicKey, drawn: bytes, custodian: KeyFolder | None) -> bytes:
    project, epoch = (unicodedata.normalize("NFC", text) for text in (protocol.project, protocol.epoch))
    signer = custodian.public.signing if custodian else ""
    share = Share(FORMAT, project, epoch, drawn.hex(), agency.name, signer, "")
    if custodian:
        share = replace(share, signature=sign(custodian, _signed_message(share)).hex())
    return encrypt(canonical_json(_plain(share)), [agency.recipient])


def _plain(share: Share) -> dict[str, str]:
    return asdict(share)


def _signed_message(share: Share) -> bytes:
    return length_prefixed(SIGNATURE_LABEL) + canonical_json(_plain(replace(share, signature="")))


def open_share(data: bytes, keys: KeyFolder, *, custodian: PublicKey | None, file: str | None = None) -> Share:
    """An agency's share, checked.

    Args:
        data: the age file.
        keys: the agency's key folder.
        custodian: whose signature it must have; without, a signature that is there must still be right.
        file: name for messages.

    Raises:
        KeyringError: not an agency's keys, not a custodian's public key, or a weak secret.
        SignatureError: not signed by this custodian.
        BundleError: it cannot be decrypted, is no share, or is another agency's.
    """
    require_role(keys, "agency")
    share = _parse(decrypt(data, keys, file=file), file)
    _check_signature(share, custodian, file)
    if share.agency != keys.public.name:
        raise WrongRecipientError("the share was drawn for another agency", file=file)
    refuse_weak(bytes.fromhex(share.secret), file)
    return share


def _parse(plaintext: bytes, file: str | None) -> Share:
    try:
        plain = json.loads(plaintext)
        if isinstance(plain, dict) and plain.get("format") not in (FORMAT, None):
            raise VersionError("the share is of a version that this program does not know", file=file)
        share = build(Share, plain, file or "share")
    except (ValueError, RecursionError, SchemaError):
        raise FormatError("what was decrypted is not a share of a linkage key", file=file) from None
    signed = is_hex(share.custodian, 32) and is_hex(share.signature, 64)
    unsigned = share.custodian == share.signature == ""
    possible = is_hex(share.secret, SECRET_BYTES) and is_name(share.agency) and (signed or unsigned)
    if share.format != FORMAT or not possible or canonical_json(_plain(share)) != plaintext:
        raise FormatError("what was decrypted is not a share of a linkage key", file=file)
    return share


def _check_signature(share: Share, custodian: PublicKey | None, file: str | None) -> None:
    if custodian is not None and custodian.role != "custodian":
        raise KeyringError("the public key given is not a custodian's")
    if custodian is not None and share.custodian != custodian.signing:
        raise SignatureError("the share is not signed by this custodian", file=file)
    if share.signature and not verify(share.custodian, _signed_message(share), bytes.fromhex(share.signature)):
        raise SignatureError("the share's signature is wrong", file=file)
