"""Key folders: who holds which secret, and the only door to them.

A folder belongs to one role. It has `public.json`, which is handed out, and secret files that only their owner may
read. A `KeyFolder` holds paths: a secret is read when it is used, and never kept in an object that could be printed.
Nothing here is derived from a passphrase, and a folder that holds another role's secret does not open at all.
"""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Literal

import pyrage
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from linkage.bundle.age import Payload, Readable, decrypted, encrypted, open_payload, scalar
from linkage.bundle.format import is_hex, is_name
from linkage.canonical import canonical_json, digest
from linkage.errors import KeyringError, SchemaError, UsageError
from linkage.files import PRIVATE, make_private_directory, read_secret, refuse_overwriting, write_atomically
from linkage.schema import build

Role = Literal["custodian", "agency", "unit", "statistics", "auditor"]
ROLES: tuple[Role, ...] = ("custodian", "agency", "unit", "statistics", "auditor")
FORMAT = "headcount-public/1"
PUBLIC_FILE = "public.json"
SECRET_BYTES = 32
FEWEST_DISTINCT_BYTES = 8

# What each role holds, beside the linkage keys that an agency installs.
HOLDINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "custodian": ("signing",),
        "agency": ("signing", "identity", "agency"),
        "unit": ("signing", "identity", "person"),
        "statistics": ("signing", "identity"),
        "auditor": ("signing",),
    }
)
_FORBID = {"extra": "forbid"}


@dataclass(frozen=True)
class PublicKey:
    """What a role hands out of its key folder.

    Attributes:
        role: one of `ROLES`.
        name: the holder's name.
        signing: Ed25519 public key, 64 hexadecimal digits.
        recipient: age recipient (`age1…`); empty for roles that receive nothing.
    """

    role: Role
    name: str
    signing: str
    recipient: str

    __pydantic_config__ = _FORBID

    @property
    def fingerprint(self) -> str:
        """The first 80 bits of SHA-256 over the public file's canonical JSON, 20 hexadecimal digits to read aloud."""
        return digest(_public_plain(self))[:20]


@dataclass(frozen=True)
class KeyFolder:
    """A role's key folder, checked on opening; it holds no secret.

    Attributes:
        directory: where the secret files are.
        public: the public half.
    """

    directory: Path
    public: PublicKey


def new_keys(role: str, name: str, directory: Path, *, force: bool = False) -> PublicKey:
    """Draw a role's keys and write its key folder.

    Raises:
        UsageError: the role or name is not possible, or the folder holds something already.
        KeyringError: the folder holds another role's secrets, which `force` does not overrule.
    """
    kind = _role(role)
    if not is_name(name):
        raise UsageError("a name is a small letter, then small letters, digits and _, at most 40 in all")
    _refuse_place(kind, directory, force=force)
    drawn = {secret: _DRAW[secret]() for secret in HOLDINGS[kind]}
    public = PublicKey(kind, name, _signing_public(drawn["signing"]), _recipient(drawn.get("identity", "")))
    make_private_directory(directory)
    for secret, text in drawn.items():
        write_atomically(_path(directory, secret), f"{text}\n".encode(), mode=PRIVATE)
    write_atomically(directory / PUBLIC_FILE, canonical_json(_public_plain(public)) + b"\n")
    return public


def _role(role: str) -> Role:
    for known in ROLES:
        if role == known:
            return known
    raise UsageError(f"there is no such role; there are {', '.join(ROLES)}")


def _refuse_place(role: Role, directory: Path, *, force: bool) -> None:
    refuse_overwriting([directory / PUBLIC_FILE, *(_path(directory, secret) for secret in HOLDINGS[role])], force=force)
    if directory.is_dir() and any(directory.iterdir()) and not force:
        raise UsageError("the folder is not empty", file=str(directory), hint="give each role a folder of its own")
    _refuse_foreign(role, directory)


def _refuse_foreign(role: Role, directory: Path) -> None:
    """The wall, in files: nobody holds two roles' secrets, and nobody but an agency holds a linkage key."""
    for path in sorted(directory.glob("*.key")):
        installed = role == "agency" and path.stem.startswith("linkage-")
        if path.stem not in HOLDINGS[role] and not installed:
            raise KeyringError(f"a key folder of the role {role} must not hold this secret", file=str(path))


def read_public(path: Path) -> PublicKey:
    """The public key in a `public.json`, or in the key folder of that path.

    Raises:
        KeyringError: the file is missing, or is no public key of a known role and form.
    """
    file = path / PUBLIC_FILE if path.is_dir() else path
    try:
        plain = json.loads(file.read_bytes())
        if not isinstance(plain, dict) or plain.pop("format", None) != FORMAT:
            raise KeyringError(f"not a public key of the form {FORMAT}", file=str(file))
        public = build(PublicKey, plain, str(file))
    except OSError:
        raise KeyringError("the public key cannot be read", file=str(file), hint="check the path") from None
    except (ValueError, RecursionError, SchemaError):
        raise KeyringError("not a public key", file=str(file)) from None
    if not _is_possible(public):
        raise KeyringError("the public key's name or keys are not possible for its role", file=str(file))
    return public


def read_recipient(path: Path, role: str) -> PublicKey:
    """The public key of somebody to seal to, who must be of that role.

    Raises:
        KeyringError: as `read_public`, or it is of another role.
    """
    public = read_public(path)
    if public.role != role:
        raise KeyringError(f"a public key of the role {role} is needed, this is one of {public.role}", file=str(path))
    return public


def _is_possible(public: PublicKey) -> bool:
    receives = "identity" in HOLDINGS[public.role]
    recipient = _is_recipient(public.recipient) if receives else public.recipient == ""
    return is_name(public.name) and is_hex(public.signing, SECRET_BYTES) and recipient


def _is_recipient(text: str) -> bool:
    try:
        return str(pyrage.x25519.Recipient.from_str(text)) == text
    except pyrage.RecipientError:
        return False


def _public_plain(public: PublicKey) -> dict[str, str]:
    return {"format": FORMAT, **asdict(public)}


def open_keys(directory: Path, role: str) -> KeyFolder:
    """A key folder, if it is that role's, complete, readable by its owner only, and of one piece.

    Raises:
        KeyringError: it is of another role, holds another role's secret, lacks one, shows one to others, or its
            secrets do not belong to its public key.
    """
    public = read_public(directory / PUBLIC_FILE)
    keys = KeyFolder(directory, public)
    require_role(keys, role)
    _refuse_foreign(public.role, directory)
    held = {secret: _secret_text(keys, secret) for secret in HOLDINGS[public.role]}
    if (_signing_public(held["signing"]), _recipient(held.get("identity", ""))) != (public.signing, public.recipient):
        raise KeyringError("the secrets do not belong to the public key beside them", file=str(directory))
    return keys


def require_role(keys: KeyFolder, role: str) -> None:
    """Refuse another role's key folder.

    Raises:
        KeyringError: it is of another role.
    """
    if keys.public.role != role:
        raise KeyringError(
            f"a key folder of the role {role} is needed, this is one of {keys.public.role}", file=str(keys.directory)
        )


def secret(keys: KeyFolder, kind: Literal["agency", "person"]) -> bytes:
    """The 32 secret bytes that key an agency's record pseudonyms, or the unit's person IDs.

    Raises:
        KeyringError: the role does not hold it, or it is exposed or weak.
    """
    if kind not in HOLDINGS[keys.public.role]:
        raise KeyringError(f"the role {keys.public.role} holds no {kind} key", file=str(keys.directory))
    value = bytes.fromhex(_secret_text(keys, kind))
    refuse_weak(value, str(_path(keys.directory, kind)))
    return value


def refuse_weak(value: bytes, file: str | None = None) -> None:
    """Refuse a secret that was not drawn at random: key check values would let anyone test guesses of it.

    Raises:
        KeyringError: it is not 32 bytes, repeats few bytes, or is text.
    """
    if len(value) != SECRET_BYTES:
        raise KeyringError(f"a secret is {SECRET_BYTES} random bytes, no more and no fewer", file=file)
    if len(set(value)) < FEWEST_DISTINCT_BYTES:
        raise KeyringError("this secret was not drawn at random", file=file)
    if _is_text(value):
        raise KeyringError("this secret is text: keys are drawn at random, never made from a passphrase", file=file)


def _is_text(value: bytes) -> bool:
    try:
        return value.decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return False


def _path(directory: Path, secret: str) -> Path:
    return directory / f"{secret}.key"


def _secret_text(keys: KeyFolder, kind: str) -> str:
    path = _path(keys.directory, kind)
    text = read_secret(path).decode("ascii", "replace").strip()
    if kind != "identity" and not is_hex(text, SECRET_BYTES):
        raise KeyringError("the secret file is damaged", file=str(path))
    if kind == "identity" and not _is_identity(text):
        raise KeyringError("the secret file is damaged", file=str(path))
    return text


def _is_identity(text: str) -> bool:
    try:
        pyrage.x25519.Identity.from_str(text)
    except pyrage.IdentityError:
        return False
    return True


def _signing_public(text: str) -> str:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text)).public_key().public_bytes_raw().hex()


def _recipient(identity: str) -> str:
    return str(pyrage.x25519.Identity.from_str(identity).to_public()) if identity else ""


def _draw_secret() -> str:
    return secrets.token_bytes(SECRET_BYTES).hex()


def _draw_identity() -> str:
    return str(pyrage.x25519.Identity.generate())


_DRAW: Mapping[str, Callable[[], str]] = MappingProxyType(
    {"signing": _draw_secret, "identity": _draw_identity, "agency": _draw_secret, "person": _draw_secret}
)


def sign(keys: KeyFolder, message: bytes) -> bytes:
    """The folder's Ed25519 signature, 64 bytes.

    Messages of different purposes begin with different labels, so that one can never be taken for another.
    """
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(_secret_text(keys, "signing"))).sign(message)


def verify(signing_public: str, message: bytes, signature: bytes) -> bool:
    """Whether the signature over the message is that of this public key (64 hexadecimal digits)."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(signing_public)).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def encrypt(data: bytes, recipients: Sequence[str]) -> bytes:
    """An age v1 file that each of the recipients can open.

    Raises:
        KeyringError: there is no recipient, or one is not an age X25519 recipient.
    """
    out = io.BytesIO()
    encrypt_stream(io.BytesIO(data), out, recipients, len(data))
    return out.getvalue()


def encrypt_stream(source: Readable, out: IO[bytes], recipients: Sequence[str], size: int) -> None:
    """As `encrypt`, for so many bytes that need not fit in memory."""
    if not recipients or not all(map(_is_recipient, recipients)):
        raise KeyringError("cannot encrypt without valid recipients")
    try:
        encrypted(source, out, [*map(scalar, recipients)], size)
    except ValueError:
        raise KeyringError("a recipient is no key: anybody could open what is encrypted to it") from None


def decrypt(data: bytes, keys: KeyFolder, *, file: str | None = None) -> bytes:
    """The plaintext of an age v1 file, all of it verified, or none.

    Raises:
        KeyringError: the role has no identity.
        BundleError: see `age.decrypted`.
    """
    return b"".join(decrypted(io.BytesIO(data), _identity(keys), file))


def payload(path: Path, keys: KeyFolder, *, file: str | None = None) -> Payload:
    """The plaintext of an age v1 file that lies on the disk, which is verified where it is looked at.

    Raises:
        KeyringError: the role has no identity.
        BundleError: see `age.open_payload`.
    """
    return open_payload(path, _identity(keys), file)


def _identity(keys: KeyFolder) -> bytes:
    if "identity" not in HOLDINGS[keys.public.role]:
        raise KeyringError(f"the role {keys.public.role} receives nothing and cannot decrypt", file=str(keys.directory))
    return scalar(_secret_text(keys, "identity"))
