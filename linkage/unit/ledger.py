"""The unit's memory: what was received, from whom, what was decided, what was published. Nothing in it is ever changed.

Every row is one canonical JSON entry beside its proof: its SHA-256, or, for a decision, the auditor's signature. Rows
are numbered without gaps, and the head says how many there are. Decisions are the leaves of a Merkle tree in which each
also names the one before, and every run keeps the root that it was made under. So a changed, removed or moved row
is found and named, whether a disk or a hand did it; a log that somebody signed anew from the start is found by those
who wrote down an earlier root, or who know the auditors' keys.

SQLite with a rollback journal, not WAL: between two steps the workspace is plain files, and a refused step leaves
them byte for byte as they were. The rest of the program sees a `Ledger`, read whole, and `append`, one transaction.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from linkage.canonical import canonical_json
from linkage.errors import LedgerError, LockedError, TamperedError
from linkage.files import PRIVATE
from linkage.unit.entries import NOTHING_BEFORE, Bundle, Decision, Head, RunEntry, Setting, Signer
from linkage.unit.proofs import KINDS, Kind, Row, Rows, leaf_hash, merkle_root, parse, verify

WAIT_SECONDS = 10.0
VERSION = 1

_CREATE = (
    "CREATE TABLE IF NOT EXISTS entries (kind TEXT, seq INTEGER, entry BLOB, proof BLOB, PRIMARY KEY (kind, seq)) WITHOUT ROWID"
)
_SELECT = "SELECT kind, seq, entry, proof FROM entries ORDER BY kind, seq"
_INSERT = "INSERT INTO entries (kind, seq, entry, proof) VALUES (?, ?, ?, ?)"
_DROP_HEAD = "DELETE FROM entries WHERE kind = 'head'"
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_NO_ACCESS = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_CONSTRAINT,
}


@dataclass(frozen=True)
class Ledger:
    """The memory as one transaction saw it, every row verified.

    Attributes:
        settings: name to value.
        signers: agency to its pinned key.
        bundles, decisions, runs: in the order in which they were written.
        root: Merkle root of the decisions, hexadecimal.
        last: leaf hash of the last decision, hexadecimal; zeros where there is none.
    """

    settings: Mapping[str, str]
    signers: Mapping[str, Signer]
    bundles: tuple[Bundle, ...]
    decisions: tuple[Decision, ...]
    runs: tuple[RunEntry, ...]
    root: str
    last: str


class SignedDecision(NamedTuple):
    """A decision ready to be appended.

    Attributes:
        decision: its content.
        signature: Ed25519 over `decision_message` of its canonical JSON.
    """

    decision: Decision
    signature: bytes


def read_ledger(path: Path) -> Ledger:
    """The memory; empty where the file does not exist.

    Raises:
        TamperedError: a row is not what was written.
        LockedError: another process writes to it for longer than a few seconds.
    """
    rows = read_rows(path)
    problems = verify(rows)
    if problems:
        raise TamperedError(f"{problems[0].where}: {problems[0].what}", file=str(path))
    return _ledger(rows)


def _ledger(rows: Rows) -> Ledger:
    read: dict[Kind, Any] = {kind: tuple(parse(kind, row) for row in rows[kind]) for kind in KINDS}
    leaves = [row.entry for row in rows["decision"]]
    return Ledger(
        settings={one.name: one.value for one in read["setting"]},
        signers={one.agency: one for one in read["signer"]},
        bundles=read["bundle"],
        decisions=read["decision"],
        runs=read["run"],
        root=merkle_root(leaves).hex(),
        last=leaf_hash(leaves[-1]).hex() if leaves else NOTHING_BEFORE,
    )


def read_rows(path: Path) -> Rows:
    """All rows as they stand, nothing of them verified.

    Raises:
        TamperedError: the file is not such a database, or damaged.
        LockedError: another process writes to it for longer than a few seconds.
        LedgerError: it cannot be read, or is of a later version.
    """
    if not path.is_file():
        return dict.fromkeys(KINDS, ())
    with _connected(path) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        _refuse_unsound(connection, path)
        if _version(connection) == 0:
            return dict.fromkeys(KINDS, ())
        found = connection.execute(_SELECT).fetchall()
    if not found:
        raise TamperedError("the ledger was emptied", file=str(path))
    if any(kind not in KINDS for kind, *_ in found):
        raise TamperedError("a row is of no kind that this program writes", file=str(path))
    return {kind: tuple(_row(*row[1:]) for row in found if row[0] == kind) for kind in KINDS}


def _row(seq: int, entry: object, proof: object) -> Row:
    return Row(seq, entry if isinstance(entry, bytes) else b"", proof if isinstance(proof, bytes) else b"")


def _refuse_unsound(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
        raise TamperedError("the database is damaged", file=str(path))
    if _version(connection) > VERSION:
        raise LedgerError("the ledger is of a later version", file=str(path), hint="use the newer version of headcount")


def _version(connection: sqlite3.Connection) -> int:
    """0 for a database into which nothing was ever committed."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def append(
    path: Path,
    before: Ledger,
    *,
    settings: Sequence[Setting] = (),
    signers: Sequence[Signer] = (),
    bundles: Sequence[Bundle] = (),
    decisions: Sequence[SignedDecision] = (),
    runs: Sequence[RunEntry] = (),
) -> None:
    """Add entries in one transaction: all of them, or none.

    Args:
        path: the ledger's file, made if it does not exist.
        before: the memory that the entries continue; the caller holds the workspace's lock since it was read.
        settings: what to add, as the next four.
        signers: pinned keys.
        bundles: received sections.
        decisions: signed, each continuing the one before.
        runs: published runs.

    Raises:
        LedgerError: the ledger continued differently in the meantime, or cannot be written.
    """
    added: dict[Kind, list[Row]] = {
        "setting": _rows(settings, len(before.settings)),
        "signer": _rows(signers, len(before.signers)),
        "bundle": _rows(bundles, len(before.bundles)),
        "decision": [Row(one.decision.seq, canonical_json(one.decision), one.signature) for one in decisions],
        "run": _rows(runs, len(before.runs)),
    }
    added["head"] = _rows([_head(before, added)], 0)
    if not path.exists():
        path.touch(PRIVATE)
    with _connected(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(_CREATE)
        connection.execute("PRAGMA user_version = 1")
        connection.execute(_DROP_HEAD)
        connection.executemany(_INSERT, [(kind, *row) for kind, rows in added.items() for row in rows])
        connection.execute("COMMIT")


def _rows(entries: Sequence[object], count: int) -> list[Row]:
    written = (canonical_json(entry) for entry in entries)
    return [Row(count + i, entry, hashlib.sha256(entry).digest()) for i, entry in enumerate(written, 1)]


def _head(before: Ledger, added: Mapping[Kind, list[Row]]) -> Head:
    leaves = [canonical_json(decision) for decision in before.decisions] + [row.entry for row in added["decision"]]
    held = {"setting": before.settings, "signer": before.signers, "bundle": before.bundles, "decision": before.decisions}
    counts = {kind: len(rows) for kind, rows in {**held, "run": before.runs}.items()}
    return Head({kind: counts[kind] + len(rows) for kind, rows in added.items()}, merkle_root(leaves).hex())


def record_run(path: Path, before: Ledger, run_id: str, manifest_sha256: str) -> None:
    """Note a published run and the decisions that it was made under; noting the last one again changes nothing."""
    last = before.runs[-1] if before.runs else None
    if last is None or (last.run_id, last.manifest_sha256) != (run_id, manifest_sha256):
        append(path, before, runs=[RunEntry(run_id, manifest_sha256, len(before.decisions), before.root)])


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection whose every failure is one of ours; what was not committed is rolled back."""
    uri = f"{path.resolve().as_uri()}?mode=rw"
    try:
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=WAIT_SECONDS)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            yield connection
    except sqlite3.Error as error:
        raise _told_apart(error, path) from None


def _told_apart(error: sqlite3.Error, path: Path) -> LedgerError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code in _BUSY:
        return LockedError("another process is writing to the ledger", file=str(path))
    if code in _NO_ACCESS:
        return LedgerError("the ledger cannot be read or written", file=str(path), hint="look at disk space and permissions")
    return TamperedError("the file is not a ledger, or damaged", file=str(path))
