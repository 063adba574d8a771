"""Who decided that something is released, and why: signed, and logged so that nothing can be taken back.

Two acts need a decision. To hand out exact counts (the restricted tier) somebody must stand for it; and to show counts of
a role below its threshold in the public tier (a waiver) somebody must say why. The statistics office's own key signs; where
a second person is to decide, an auditor's does. A decision names the bytes that it is about, by their digest, so that it
can be used for nothing else.

The log is a file of one decision a line, each with the digest of the line before: a line that is changed or taken out
breaks the chain.

Source: reference `statistics.md`, section 6 (signed release decision, logged; signed override).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from linkage.bundle.keyring import KeyFolder, sign, verify
from linkage.canonical import canonical_json, digest, digest_of_bytes
from linkage.errors import DisclosureError, KeyringError, SchemaError, SignatureError, TamperedError, UsageError
from linkage.files import PRIVATE, exclusive_lock, write_atomically
from linkage.schema import build

FORMAT = "headcount-decision/1"
LOG_FILE, LOCK_FILE = "decisions.log", "decisions.lock"
SIGNERS = ("statistics", "auditor")
Act = Literal["release", "waiver"]
DEFAULT_REASON = "released to those named by the statistics office's own rules"
_LABEL = b"headcount release decision\n"
_FIRST = "0" * 64
_FORBID = {"extra": "forbid"}


@dataclass(frozen=True)
class Decision:
    """What was decided.

    Attributes:
        act: `release`: exact counts leave in the restricted tier; `waiver`: a role's small counts are shown in public.
        tier: `restricted` or `public`.
        protocol_id: under which was counted.
        subject: digest of what is released (of its cells as they are shown: `digest_of_cells`).
        roles: those waived, sorted; none for a release.
        reason: in words; public.
        day: yyyy-mm-dd, as the caller says it.
        signer_role: `statistics` or `auditor`.
        signer: the name in the key folder.
        signing: its Ed25519 public key, 64 hexadecimal digits.
        format: version of this form.
    """

    act: Act
    tier: str
    protocol_id: str
    subject: str
    roles: tuple[str, ...]
    reason: str
    day: str
    signer_role: str
    signer: str
    signing: str
    format: str = FORMAT

    __pydantic_config__ = _FORBID


def sign_decision(
    keys: KeyFolder, act: Act, tier: str, protocol_id: str, subject: str, day: str, *, reason: str = "", roles: Collection[str] = ()
) -> bytes:
    """A signed decision as canonical JSON: `decision` and `signature`.

    Args:
        keys: the key folder of the statistics office, or of an auditor.
        act: `release` or `waiver`.
        tier: `restricted` or `public`.
        protocol_id: under which was counted.
        subject: digest of what is released.
        day: yyyy-mm-dd.
        reason: why; a waiver needs one.
        roles: those that a waiver is about.

    Raises:
        KeyringError: the key folder is of another role.
        UsageError: a waiver without a reason or without roles.
    """
    if keys.public.role not in SIGNERS:
        raise KeyringError(f"a release is decided by {' or '.join(SIGNERS)}, not by {keys.public.role}", file=str(keys.directory))
    if act == "waiver" and not (reason.strip() and roles):
        raise UsageError("a waiver names the roles and its reason", hint="add --reason TEXT")
    public = keys.public
    named, why = tuple(sorted(set(roles))), reason.strip() or DEFAULT_REASON
    decision = Decision(act, tier, protocol_id, subject, named, why, day, public.role, public.name, public.signing)
    signature = sign(keys, _message(decision)).hex()
    return canonical_json({"decision": asdict(decision), "signature": signature}) + b"\n"


def verify_decision(data: bytes, trusted: Collection[str], *, file: str | None = None) -> Decision:
    """The decision, if one of the trusted keys signed it.

    Args:
        data: as `sign_decision` gives it.
        trusted: Ed25519 public keys in hexadecimal.
        file: name for messages.

    Raises:
        SchemaError: not a decision.
        SignatureError: another key signed it, or it was changed.
    """
    try:
        plain = json.loads(data)
        decision = build(Decision, plain["decision"], file or "decision")
        signature = bytes.fromhex(plain["signature"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise SchemaError("not a release decision", file=file) from None
    if decision.format != FORMAT or decision.signer_role not in SIGNERS:
        raise SchemaError("not a release decision of a known form", file=file)
    if decision.signing not in trusted or not verify(decision.signing, _message(decision), signature):
        raise SignatureError("the release decision is not signed by a key that is trusted", file=file)
    return decision


def require_decision(decision: Decision, act: Act, subject: str) -> Decision:
    """The decision, if it is about this.

    Raises:
        DisclosureError: it decides something else, or about something else.
    """
    if (decision.act, decision.subject) != (act, subject):
        raise DisclosureError("the release decision is about something else", hint="decide anew about what is to be released")
    return decision


def _message(decision: Decision) -> bytes:
    return _LABEL + canonical_json(asdict(decision))


def log_decision(folder: Path, data: bytes) -> str:
    """Append a signed decision to the folder's log, and give the digest of its line.

    Raises:
        TamperedError: the log is not what was written.
        LockedError: another process is writing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive_lock(folder / LOCK_FILE):
        lines = _lines(folder / LOG_FILE)
        entry = {"number": len(lines) + 1, "previous": digest_of_bytes(lines[-1]) if lines else _FIRST, **json.loads(data)}
        line = canonical_json(entry)
        write_atomically(folder / LOG_FILE, b"".join(one + b"\n" for one in [*lines, line]), mode=PRIVATE)
    return digest_of_bytes(line)


def read_log(folder: Path) -> tuple[dict[str, Any], ...]:
    """The log's entries, oldest first: `number`, `previous`, `decision`, `signature`; none where there is no log.

    Raises:
        TamperedError: the log is not what was written.
    """
    return tuple(json.loads(line) for line in _lines(folder / LOG_FILE))


def _lines(path: Path) -> Sequence[bytes]:
    if not path.exists():
        return ()
    lines = path.read_bytes().splitlines()
    previous = _FIRST
    for number, line in enumerate(lines, 1):
        if not _follows(line, number, previous):
            raise TamperedError("the log of release decisions is not what was written", file=str(path), row=number)
        previous = digest_of_bytes(line)
    return lines


def _follows(line: bytes, number: int, previous: str) -> bool:
    """Whether a line stands in its place and says what its signer signed."""
    try:
        entry = json.loads(line)
        decision = build(Decision, entry["decision"], LOG_FILE)
        signature = bytes.fromhex(entry["signature"])
        placed = (entry["number"], entry["previous"]) == (number, previous)
    except (ValueError, TypeError, KeyError, RecursionError, SchemaError):
        return False
    return placed and line == canonical_json(entry) and verify(decision.signing, _message(decision), signature)


def digest_of_decision(data: bytes) -> str:
    """SHA-256 of a signed decision, for the manifest of what it releases."""
    return digest(json.loads(data))
