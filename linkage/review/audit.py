"""Is the workspace what was written? Every entry, every stored bundle and every file of every run, read and compared.

Needs no secret. What it cannot see from inside is a memory that was rewritten from the start by somebody who signs:
that is what the auditors' public keys, and a checkpoint that somebody wrote down elsewhere, are for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from linkage.errors import TamperedError
from linkage.unit.intake import verified_bundle
from linkage.unit.ledger import Ledger, read_ledger, read_rows
from linkage.unit.proofs import Problem, checkpoint_problems, verify
from linkage.unit.workspace import Workspace, current, open_workspace, read_run, read_run_file


class Checkpoint(NamedTuple):
    """How far the log had come when somebody wrote it down.

    Attributes:
        decisions: their number.
        root: their Merkle root, hexadecimal.
    """

    decisions: int
    root: str


class Audit(NamedTuple):
    """What was found.

    Attributes:
        checkpoint: of the log as it stands; None where it is not intact.
        bundles, runs: how many were compared.
        problems: everything that is not as it was written; empty: intact.
    """

    checkpoint: Checkpoint | None
    bundles: int
    runs: int
    problems: tuple[Problem, ...]


def audit(workspace: Workspace, auditors: Collection[str] = (), earlier: Checkpoint | None = None) -> Audit:
    """Compare all that the workspace holds with what was written.

    Args:
        workspace: the workspace.
        auditors: signing keys, hexadecimal, of which each decision must have one; any will do where none is given.
        earlier: a checkpoint that the log must continue.

    Raises:
        UsageError: it is not a workspace.
        LockedError: another process writes to the ledger for longer than a few seconds.
    """
    try:
        rows = read_rows(open_workspace(workspace.path).ledger)
    except TamperedError as error:
        return Audit(None, 0, 0, (Problem("ledger", error.message),))
    problems = verify(rows, auditors)
    if earlier:
        problems += checkpoint_problems(rows, earlier.decisions, earlier.root)
    if problems:
        return Audit(None, 0, 0, tuple(problems))
    ledger = read_ledger(workspace.ledger)
    found = (*_bundle_problems(workspace, ledger), *_run_problems(workspace, ledger))
    return Audit(Checkpoint(len(ledger.decisions), ledger.root), len(ledger.bundles), len(ledger.runs), found)


def _bundle_problems(workspace: Workspace, ledger: Ledger) -> Iterator[Problem]:
    for number, bundle in enumerate(ledger.bundles, 1):
        try:
            verified_bundle(workspace, bundle)
        except TamperedError as error:
            yield Problem(f"bundle {number}, {bundle.file}", error.message)


def _run_problems(workspace: Workspace, ledger: Ledger) -> Iterator[Problem]:
    for number, entry in enumerate(ledger.runs, 1):
        try:
            run = read_run(workspace, entry.run_id, entry.manifest_sha256)
            for name in run.manifest["files"]:
                read_run_file(run, name)
        except TamperedError as error:
            yield Problem(f"run {number}, {entry.run_id}", str(error))
    yield from _pointer_problems(workspace, ledger)


def _pointer_problems(workspace: Workspace, ledger: Ledger) -> Iterator[Problem]:
    """`CURRENT` names the last run of the ledger, unless linking stopped between publishing it and noting it."""
    try:
        run = current(workspace)
    except TamperedError as error:
        yield Problem("CURRENT", str(error))
        return
    noted = [entry.run_id for entry in ledger.runs]
    if run is None and noted:
        yield Problem("CURRENT", "is missing")
    elif run and run.run_id not in noted:
        yield Problem("CURRENT", "names a run that the ledger does not know; link again")
    elif run and run.run_id != noted[-1]:
        yield Problem("CURRENT", "names an earlier run than the last")
