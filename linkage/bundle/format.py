"""A bundle as bytes: what stands where inside the age file, and what the manifest says.

In order: the line `headcount-bundle/1`, a big-endian u32 with the manifest's length, the manifest as canonical JSON,
64 bytes of Ed25519 signature, the body, zeros up to a bucket of sizes. The signature covers the manifest and the
manifest names the body's digest, so nothing is believed, and no row is parsed, before both were checked. The zeros are
there because the age file's length shows the plaintext's length, and the number of rows is the number of victims.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from linkage.canonical import canonical_json, digest
from linkage.errors import FormatError, ProtocolMismatchError, SchemaError, TruncatedError, VersionError
from linkage.protocol import Protocol, parse_protocol
from linkage.schema import IDENTIFIERS, build
from linkage.stored import Ranges, Within, read, stretches

FORMAT: Final = "headcount-bundle/1"
SIGNATURE_LABEL = "headcount/v1/bundle"
SIGNATURE_BYTES = 64
RECORD_LENGTH = 26
SMALLEST_SIZE, WHOLE_STEPS = 256 << 10, 16 << 20
LARGEST_MANIFEST = 1 << 20
SCRIPTS = ("cyrillic", "latin", "mixed", "none")

Section = Literal["linking", "content"]
READERS: Mapping[str, str] = MappingProxyType({"linking": "unit", "content": "statistics"})

_MAGIC = f"{FORMAT}\n".encode()
_LONGEST_MAGIC = 64
_ANY_VERSION = re.compile(rb"headcount-bundle/[0-9]{1,9}\n")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_PERIOD = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,39}")
_NOT_PLAIN = re.compile(r"[^0-9A-Za-z_-]+")
_HEX = re.compile(r"[0-9a-f]*")
_FORBID = {"extra": "forbid"}


@dataclass(frozen=True)
class Summary:
    """What an agency says of its extract before encoding: numbers of rows. Gaps are filled afterwards, so nobody else can know.

    Attributes:
        missing: identifier to rows in which linkage has to do without it.
        scripts: `cyrillic`, `latin`, `mixed` or `none` to rows whose names are written so.
        blanked: cells that could not be read and were taken for empty.
        left_out: records of the file that are no rows of the list: empty ones, totals, repeated headers.
    """

    missing: Mapping[str, int]
    scripts: Mapping[str, int]
    blanked: int = 0
    left_out: int = 0

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class Manifest:
    """What the author signs.

    Attributes:
        format: version of the bundle's form.
        section: `linking` (encodings, for the unit) or `content` (coded fields, for statistics).
        project: domain of the pseudonyms.
        epoch: period of the linkage key.
        protocol_id: SHA-256 of the protocol.
        protocol: the protocol itself as plain data; it is public.
        agency: the author.
        signer: the author's Ed25519 public key, hexadecimal.
        recipient: age recipient of the only reader, so that nobody can pass the bundle on as sealed to somebody else.
        period: label of the extract.
        sequence: counts the corrections of a period, from 1.
        not_after: last day on which the bundle may be opened, yyyy-mm-dd.
        rows: number of records.
        body_bytes: length of the body without padding.
        body_sha256: digest of the body.
        kcv: key check value of the linkage key, 8 bytes in hexadecimal.
        normaliser: version of the rules that brought identifiers to one form.
        tool: program and version that sealed.
        summary: of the extract; only in a content section, and None in one that was sealed before there were summaries.
    """

    format: Literal["headcount-bundle/1"]
    section: Section
    project: str
    epoch: str
    protocol_id: str
    protocol: Mapping[str, Any]
    agency: str
    signer: str
    recipient: str
    period: str
    sequence: int
    not_after: str
    rows: int
    body_bytes: int
    body_sha256: str
    kcv: str
    normaliser: str
    tool: str
    summary: Summary | None = None

    __pydantic_config__ = _FORBID


class Unpacked(NamedTuple):
    """The parts of an age file's plaintext, nothing of it checked or believed yet.

    Attributes:
        manifest: the signed bytes.
        signature: 64 bytes.
        rest: body and padding.
    """

    manifest: bytes
    signature: bytes
    rest: Within


def length_prefixed(*parts: str | bytes) -> bytes:
    """Each part behind its length, so that no two lists of parts give the same bytes.

    Text is brought to NFC and encoded as UTF-8: a name typed as letter and accent is the name typed as one letter.

    Source: reference `security.md`, section 3.2, `lp`.
    """
    encoded = (part if isinstance(part, bytes) else unicodedata.normalize("NFC", part).encode() for part in parts)
    return b"".join(u32(len(part)) + part for part in encoded)


def u32(number: int) -> bytes:
    """Four bytes, big-endian."""
    return number.to_bytes(4, "big")


def is_name(text: str) -> bool:
    """Whether the text can name an agency or another role's holder: a small letter, then small letters, digits and _."""
    return _NAME.fullmatch(text) is not None


def is_period(text: str) -> bool:
    """Whether the text can be a period's label: letters, digits, _ and -; it becomes part of file names."""
    return _PERIOD.fullmatch(text) is not None


def is_hex(text: str, size: int) -> bool:
    """Whether the text is so many bytes in small hexadecimal digits."""
    return len(text) == 2 * size and _HEX.fullmatch(text) is not None


def file_label(text: str) -> str:
    """A text as part of a file's name: itself where it is plain, otherwise marked with its digest, so that none share one."""
    composed = unicodedata.normalize("NFC", text)
    plain = _NOT_PLAIN.sub("-", composed)[:60]
    return plain if plain == composed else f"{plain}~{hashlib.sha256(composed.encode()).hexdigest()[:12]}"


def signed_message(manifest: bytes) -> bytes:
    """What the signature is made over; the label keeps it from being a signature over anything else."""
    return length_prefixed(SIGNATURE_LABEL) + manifest


def padded_size(size: int) -> int:
    """The bucket, in bytes, that a plaintext of this size is padded to.

    A power of two of at least 256 KiB; beyond 16 MiB an eighth of the power of two below is the step, which costs at
    most an eighth. Small lists, where a count could point at people, thus differ in nothing but powers of two.
    """
    whole = max(SMALLEST_SIZE, 1 << (size - 1).bit_length())
    if whole <= WHOLE_STEPS:
        return whole
    step = whole // 16
    return -(-size // step) * step


def is_bucket(size: int) -> bool:
    """Whether a plaintext can have this size."""
    return size > 0 and padded_size(size) == size


def head(manifest: bytes, signature: bytes) -> bytes:
    """What stands before the body."""
    return b"".join((_MAGIC, u32(len(manifest)), manifest, signature))


def unpack(plaintext: Ranges, file: str) -> Unpacked:
    """Take the plaintext apart.

    Raises:
        VersionError: of a version that we do not know.
        FormatError: not a bundle.
        TruncatedError: ends within the manifest or the signature.
    """
    _refuse_other_magic(read(plaintext, 0, _LONGEST_MAGIC), file)
    start = len(_MAGIC) + 4
    length = int.from_bytes(read(plaintext, len(_MAGIC), 4), "big")
    if length > LARGEST_MANIFEST:
        raise FormatError("the manifest is longer than a manifest can be", file=file)
    end = start + length + SIGNATURE_BYTES
    if plaintext.size < end:
        raise TruncatedError("the bundle ends within its manifest", file=file)
    manifest, signature = read(plaintext, start, length), read(plaintext, start + length, SIGNATURE_BYTES)
    return Unpacked(manifest, signature, Within(plaintext, end, plaintext.size - end))


def _refuse_other_magic(beginning: bytes, file: str) -> None:
    if beginning.startswith(_MAGIC):
        return
    if _ANY_VERSION.match(beginning):
        raise VersionError("the bundle is of a version that this program does not know", file=file)
    raise FormatError("what was decrypted is not a bundle", file=file)


def parse_manifest(data: bytes, file: str) -> Manifest:
    """The manifest, if it is canonical JSON with exactly our keys and possible values; its protocol is not checked yet.

    Raises:
        VersionError: of a version that we do not know.
        FormatError: anything else is wrong with it.
    """
    plain = _canonical_object(data, file)
    if plain.get("format") != FORMAT:
        raise VersionError("the manifest is of a version that this program does not know", file=file)
    try:
        manifest = build(Manifest, plain, file)
    except SchemaError as error:
        raise FormatError(f"the manifest is wrong in: {error.message}", file=file) from None
    wrong = list(_problems(manifest))
    if wrong:
        raise FormatError(f"the manifest is wrong in: {', '.join(wrong)}", file=file)
    return manifest


def _canonical_object(data: bytes, file: str) -> dict[str, Any]:
    """JSON of which there is one writing only: two readers cannot understand the signed bytes differently."""
    try:
        plain = json.loads(data)
        canonical = isinstance(plain, dict) and canonical_json(plain) == data
    except (ValueError, TypeError, RecursionError):
        raise FormatError("the manifest is not canonical JSON", file=file) from None
    if not canonical:
        raise FormatError("the manifest is not canonical JSON", file=file)
    return dict(plain)


def _problems(m: Manifest) -> Iterator[str]:
    """The names of wrong fields."""
    yield from (name for name in ("protocol_id", "signer", "body_sha256") if not is_hex(getattr(m, name), 32))
    yield from (name for name in ("rows", "body_bytes") if getattr(m, name) < 0)
    checks = {"kcv": is_hex(m.kcv, 8), "agency": is_name(m.agency), "period": is_period(m.period), "sequence": m.sequence >= 1}
    yield from (name for name, right in checks.items() if not right)
    try:
        canonical_date = date.fromisoformat(m.not_after).isoformat() == m.not_after
    except ValueError:
        canonical_date = False
    if not canonical_date:
        yield "not_after"
    if m.summary is not None and not _is_summary(m.summary, m):
        yield "summary"


def _is_summary(summary: Summary, m: Manifest) -> bool:
    """Whether it counts rows of this extract, and the unit does not get it: what is missing would tell it who is who."""
    named = summary.missing.keys() <= IDENTIFIERS.keys() and summary.scripts.keys() <= set(SCRIPTS)
    counts = (*summary.missing.values(), *summary.scripts.values())
    return (
        m.section == "content" and named and all(0 <= n <= m.rows for n in counts) and min(summary.blanked, summary.left_out) >= 0
    )


def body_of(manifest: Manifest, unpacked: Unpacked, file: str) -> Within:
    """The body of a bundle that `check_body` passed before.

    Raises:
        TruncatedError: it is shorter than the manifest says.
    """
    if unpacked.rest.size < manifest.body_bytes:
        raise TruncatedError("the body is shorter than the manifest says", file=file)
    return Within(unpacked.rest.source, unpacked.rest.start, manifest.body_bytes)


def check_body(manifest: Manifest, unpacked: Unpacked, file: str) -> Within:
    """The body, if it is the one that the manifest describes and exactly the zeros of its bucket follow it.

    Raises:
        TruncatedError: it is shorter than the manifest says.
        FormatError: its digest differs, or the padding holds something, or has another length.
    """
    size, rest = manifest.body_bytes, unpacked.rest
    head = len(_MAGIC) + 4 + len(unpacked.manifest) + SIGNATURE_BYTES
    body = body_of(manifest, unpacked, file)
    if _digest(body) != manifest.body_sha256:
        raise FormatError("the body is not the one that was signed", file=file)
    if head + rest.size != padded_size(head + size):
        raise FormatError("the bundle is not padded to the size of its bucket", file=file)
    if any(bytes(stretch).strip(b"\0") for stretch in stretches(Within(rest, size, rest.size - size))):
        raise FormatError("something is hidden in the padding", file=file)
    return body


def _digest(data: Ranges) -> str:
    digested = hashlib.sha256()
    for stretch in stretches(data):
        digested.update(stretch)
    return digested.hexdigest()


def check_protocol(manifest: Manifest, file: str) -> Protocol:
    """The protocol inside the manifest, if it is the one that the manifest names.

    Raises:
        ProtocolMismatchError: its digest, project, epoch or normaliser differs from the manifest's.
        FormatError: it is no valid protocol.
    """
    if digest(manifest.protocol) != manifest.protocol_id:
        raise ProtocolMismatchError("the protocol inside is not the one that the manifest names", file=file)
    try:
        protocol = parse_protocol(manifest.protocol, file)
    except SchemaError:
        raise FormatError("the protocol inside is not valid", file=file) from None
    named = (manifest.protocol_id, manifest.project, manifest.epoch, manifest.normaliser)
    if named != (protocol.id, protocol.project, protocol.epoch, protocol.normaliser):
        raise ProtocolMismatchError("the manifest contradicts the protocol inside", file=file)
    return protocol
