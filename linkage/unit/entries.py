"""What the unit's ledger can hold: one frozen dataclass per kind of entry, each written as canonical JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["same", "different", "unsure", "withdrawn"]
VERDICTS: tuple[Verdict, ...] = ("same", "different", "unsure", "withdrawn")
RecordName = tuple[str, str]
NOTHING_BEFORE = "0" * 64
_FORBID = {"extra": "forbid"}


@dataclass(frozen=True)
class Setting:
    """What the first bundle fixed.

    Attributes:
        name: `protocol` (its canonical JSON), `kcv` (key check value, hexadecimal) or `trust` (a trust list was given).
        value: text.
    """

    name: Literal["protocol", "kcv", "trust"]
    value: str

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class Signer:
    """An agency's pinned signing key.

    Attributes:
        agency: its name.
        signing: Ed25519 public key, 64 hexadecimal digits.
        pinned: `trusted`: the unit was given the key; `first use`: taken from the agency's first bundle.
        since: day, yyyy-mm-dd.
    """

    agency: str
    signing: str
    pinned: Literal["trusted", "first use"]
    since: str

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class Bundle:
    """A received linking section; of an agency's period, the one with the highest sequence is active.

    Attributes:
        agency, period, sequence, rows: as its manifest says.
        bundle_id: SHA-256 of the manifest.
        body_sha256: SHA-256 of the body.
        file: name in `bundles/`.
        file_sha256: SHA-256 of the stored file.
        received: day, yyyy-mm-dd.
        reason: why it replaces an earlier one; empty where it does not.
    """

    agency: str
    period: str
    sequence: int
    rows: int
    bundle_id: str
    body_sha256: str
    file: str
    file_sha256: str
    received: str
    reason: str

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class RunEntry:
    """A published run.

    Attributes:
        run_id: its name.
        manifest_sha256: SHA-256 of its manifest.
        decisions: how many decisions it was made under.
        root: Merkle root of these.
    """

    run_id: str
    manifest_sha256: str
    decisions: int
    root: str

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class Reviewer:
    """Who decided.

    Attributes:
        fingerprint: of the auditor's public key.
        name: the key holder's name.
        signing: Ed25519 public key, hexadecimal.
    """

    fingerprint: str
    name: str
    signing: str

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class Decision:
    """What an auditor said of two records.

    Attributes:
        seq: number in the log, from 1.
        time: UTC, ISO 8601.
        reviewer: who.
        run_id: the run that was looked at.
        left, right: (agency, record), left < right.
        verdict: `withdrawn` takes back the reviewer's own earlier verdict on the pair.
        reason: in the reviewer's words.
        previous: leaf hash of the decision before, hexadecimal; zeros for the first.
    """

    seq: int
    time: str
    reviewer: Reviewer
    run_id: str
    left: RecordName
    right: RecordName
    verdict: Verdict
    reason: str
    previous: str

    __pydantic_config__ = _FORBID

    @property
    def pair(self) -> tuple[RecordName, RecordName]:
        """Left and right."""
        return self.left, self.right


@dataclass(frozen=True)
class Head:
    """How much the ledger holds; the only entry that is replaced, with every step.

    Attributes:
        counts: kind of entry to the number of such rows.
        root: Merkle root of the decisions.
    """

    counts: Mapping[str, int]
    root: str

    __pydantic_config__ = _FORBID
