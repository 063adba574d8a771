"""Whether stored rows are what was written, and which is the first that is not.

A row is one canonical JSON entry beside its proof: its SHA-256, or, for a decision, the auditor's signature. Decisions
are also the leaves of a Merkle tree, and each names the one before. Needs the rows and nothing else: no key, no network.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from linkage.bundle.format import length_prefixed
from linkage.bundle.keyring import PublicKey
from linkage.bundle.keyring import verify as is_signed_by
from linkage.canonical import canonical_json
from linkage.errors import SchemaError
from linkage.schema import build
from linkage.unit.entries import NOTHING_BEFORE, Bundle, Decision, Head, RunEntry, Setting, Signer

DECISION_LABEL = "headcount/v1/decision"
Kind = Literal["setting", "signer", "bundle", "decision", "run", "head"]
KINDS: Mapping[Kind, type] = MappingProxyType(
    {"setting": Setting, "signer": Signer, "bundle": Bundle, "decision": Decision, "run": RunEntry, "head": Head}
)


class Row(NamedTuple):
    """A stored row, nothing of it believed yet.

    Attributes:
        seq: number among the rows of its kind, from 1.
        entry: canonical JSON.
        proof: SHA-256 of the entry, 32 bytes; for a decision the reviewer's signature, 64 bytes.
    """

    seq: int
    entry: bytes
    proof: bytes


Rows = Mapping[Kind, tuple[Row, ...]]


class Problem(NamedTuple):
    """Something that is not as it was written.

    Attributes:
        where: the entry or file, for example `decision 3`.
        what: what is wrong with it.
    """

    where: str
    what: str


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 ‖ leaf). Source: RFC 6962, section 2.1."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash: SHA-256(0x01 ‖ left ‖ right), the left subtree the largest full one.

    Source: RFC 6962, section 2.1.
    """
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    full = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + merkle_root(leaves[:full]) + merkle_root(leaves[full:])).digest()


def decision_message(leaf: bytes) -> bytes:
    """What an auditor signs."""
    return length_prefixed(DECISION_LABEL) + leaf


def verify(rows: Rows, auditors: Collection[str] = ()) -> list[Problem]:
    """Everything that is not as it was written, the first bad entry of each kind first.

    Args:
        rows: as stored.
        auditors: signing keys, hexadecimal, of which each decision must have one; any key will do where none is given.
    """
    problems = [problem for kind in KINDS if (problem := _first_bad(kind, rows[kind], auditors))]
    if not problems and any(rows.values()):
        problems += _head_problems(rows)
    return problems or _run_problems(rows)


def _first_bad(kind: Kind, rows: Sequence[Row], auditors: Collection[str]) -> Problem | None:
    previous = NOTHING_BEFORE
    for number, row in enumerate(rows, 1):
        if row.seq != number:
            return Problem(f"{kind} {number}", "is missing")
        wrong = _decision_problem(row, previous, auditors) if kind == "decision" else _row_problem(kind, row)
        if wrong:
            return Problem(f"{kind} {number}", wrong)
        previous = leaf_hash(row.entry).hex()
    return None


def _row_problem(kind: Kind, row: Row) -> str:
    if hashlib.sha256(row.entry).digest() != row.proof or parse(kind, row) is None:
        return "is not what was written"
    return ""


def _decision_problem(row: Row, previous: str, auditors: Collection[str]) -> str:
    decision = parse("decision", row)
    if decision is None:
        return "is not what was written"
    reviewer = decision.reviewer
    if not is_signed_by(reviewer.signing, decision_message(row.entry), row.proof):
        return "the signature is not that of its reviewer"
    if decision.seq != row.seq:
        return "stands in another place than it was written to"
    if decision.previous != previous:
        return "does not continue the decision before it"
    if PublicKey("auditor", reviewer.name, reviewer.signing, "").fingerprint != reviewer.fingerprint:
        return "the fingerprint is not that of its reviewer"
    return "" if not auditors or reviewer.signing in auditors else "its reviewer is not one of the auditors"


def parse(kind: Kind, row: Row) -> Any:
    """The entry in a row, or None where it is not one in its only writing."""
    try:
        plain = json.loads(row.entry)
        return build(KINDS[kind], plain, "") if canonical_json(plain) == row.entry else None
    except (ValueError, TypeError, AttributeError, RecursionError, SchemaError):
        return None


def _head_problems(rows: Rows) -> list[Problem]:
    head = parse("head", rows["head"][0]) if len(rows["head"]) == 1 else None
    if head is None:
        return [Problem("head", "is missing")]
    problems = []
    for kind, said in head.counts.items():
        found = len(rows.get(kind, ()))
        what = "is missing" if found < said else "was not written by this program"
        problems += [Problem(f"{kind} {min(found, said) + 1}", what)] if found != said else []
    if not problems and merkle_root([row.entry for row in rows["decision"]]).hex() != head.root:
        problems.append(Problem("head", "was written for other decisions"))
    return problems


def _run_problems(rows: Rows) -> list[Problem]:
    leaves = [row.entry for row in rows["decision"]]
    runs: list[RunEntry] = [parse("run", row) for row in rows["run"]]
    roots = {size: merkle_root(leaves[:size]).hex() for size in {run.decisions for run in runs}}
    wrong = (number for number, run in enumerate(runs, 1) if run.decisions > len(leaves) or roots[run.decisions] != run.root)
    return [Problem(f"run {number}", "was made under decisions that are not in the log") for number in wrong]


def checkpoint_problems(rows: Rows, size: int, root: str) -> list[Problem]:
    """Whether the log still begins with the decisions of a checkpoint that somebody wrote down.

    Args:
        rows: as stored.
        size: number of decisions at the time.
        root: their Merkle root, hexadecimal.
    """
    leaves = [row.entry for row in rows["decision"]]
    if size <= len(leaves) and merkle_root(leaves[: max(size, 0)]).hex() == root:
        return []
    return [Problem("log", "does not continue the checkpoint")]


def leaf_digest(decision: Decision) -> str:
    """The leaf hash by which the next decision names this one, hexadecimal."""
    return leaf_hash(canonical_json(decision)).hex()
