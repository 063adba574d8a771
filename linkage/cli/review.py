"""The auditor's commands: what to look at, what was decided, and whether the memory is what was written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linkage.cli import terminal

if TYPE_CHECKING:
    from linkage.review.audit import Audit, Checkpoint
    from linkage.review.queue import Item
    from linkage.unit.decisions import Constraints, Wanted
    from linkage.unit.entries import Decision
    from linkage.unit.workspace import Workspace

WorkspaceFolder = Annotated[Path, typer.Option("--workspace", help="the linkage unit's workspace")]
AuditorKeys = Annotated[Path, typer.Option("--keys", help="the auditor's key folder: decisions are signed with it")]
Json = Annotated[bool, typer.Option("--json", help="answer in JSON")]

review_app = typer.Typer(help="Look at pairs of records and decide on them.", no_args_is_help=True)
audit_app = typer.Typer(help="Prove that the workspace is what was written.", no_args_is_help=True)


@review_app.command("decide")
def decide(
    *,
    left: Annotated[str, typer.Argument(metavar="RECORD", help="agency:record, the record's pseudonym, or how it begins")],
    right: Annotated[str, typer.Argument(metavar="RECORD", help="another record, in the same ways")],
    verdict: Annotated[str, typer.Argument(help="same, different, unsure, or withdrawn to take one's own word back")],
    reason: Annotated[str, typer.Option("--reason", help="why, in one line, without any person's data; it is kept for ever")],
    workspace: WorkspaceFolder,
    keys: AuditorKeys,
) -> None:
    """Sign a decision on two records and append it to the log; it counts in the next run."""
    from linkage.review.explain import find_record
    from linkage.unit.decisions import Wanted
    from linkage.unit.workspace import PERSONS, open_workspace, persons_table, published, read_run_file

    opened = open_workspace(workspace)
    table = persons_table(read_run_file(published(opened), PERSONS))
    one, other = (find_record(table, text) for text in (left, right))
    _decide(opened, keys, [Wanted(one, other, verdict, reason)])


@review_app.command("import")
def import_decisions(
    file: Annotated[Path, typer.Argument(help="CSV with the columns left, right, verdict and reason")],
    workspace: WorkspaceFolder,
    keys: AuditorKeys,
) -> None:
    """Sign and append every decision of a file, or none of them."""
    from linkage.bundle.keyring import open_keys
    from linkage.errors import ExtractError
    from linkage.review.batch import read_batch
    from linkage.unit.decisions import own_verdicts
    from linkage.unit.ledger import read_ledger
    from linkage.unit.workspace import PERSONS, open_workspace, persons_table, published, read_run_file

    opened, public = open_workspace(workspace), open_keys(keys, "auditor").public
    try:
        data = file.read_bytes()
    except OSError:
        raise ExtractError("the file cannot be read", file=str(file), hint="check the path") from None
    table = persons_table(read_run_file(published(opened), PERSONS))
    own = own_verdicts(read_ledger(opened.ledger), public)
    _decide(opened, keys, read_batch(data, table, own, file=str(file)))


def _decide(workspace: Workspace, keys: Path, wanted: Sequence[Wanted]) -> None:
    from linkage.bundle.keyring import open_keys
    from linkage.unit import decisions
    from linkage.unit.ledger import read_ledger

    time = datetime.now(UTC).isoformat(timespec="seconds")
    taken = decisions.decide(workspace, open_keys(keys, "auditor"), wanted, time=time)
    for one in taken:
        terminal.answer(_line(one))
    ledger = read_ledger(workspace.ledger)
    _say_contradictions(decisions.constraints(ledger))
    terminal.say(f"checkpoint {len(ledger.decisions)}:{ledger.root}")


def _line(one: Decision) -> str:
    return f"{one.seq}  {one.time}  {one.reviewer.name}  {one.verdict}  {':'.join(one.left)}  {':'.join(one.right)}  {one.reason}"


def _say_contradictions(asked: Constraints) -> None:
    for one in asked.contradictions:
        terminal.say(f"contradiction: decision(s) {_numbers(one.same)} join what {_numbers(one.different)} part; 'different' wins")


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


@review_app.command("next")
def next_pair(workspace: WorkspaceFolder, as_json: Json = False) -> None:
    """Show the undecided pair of which the model is least sure; exit 1 if all are decided."""
    from linkage.review.explain import as_plain, explain, lines, read_evidence
    from linkage.review.queue import next_item
    from linkage.unit.decisions import standing
    from linkage.unit.ledger import read_ledger
    from linkage.unit.workspace import open_workspace, published

    opened = open_workspace(workspace)
    evidence = read_evidence(published(opened))
    item: Item | None = next_item(evidence, standing(read_ledger(opened.ledger)))
    if item is None:
        terminal.say("every candidate pair of the published run is decided")
        raise typer.Exit(1)
    told = explain(evidence, item.left, item.right)
    if as_json:
        terminal.answer_json(as_plain(told))
        return
    for line in lines(told):
        terminal.answer(line)


@review_app.command("list")
def list_decisions(workspace: WorkspaceFolder, as_json: Json = False) -> None:
    """List the log of decisions, and where decisions contradict each other."""
    from linkage.unit.decisions import constraints, standing
    from linkage.unit.ledger import read_ledger
    from linkage.unit.workspace import open_workspace

    ledger = read_ledger(open_workspace(workspace).ledger)
    asked = constraints(ledger)
    counting = {decision.seq for taken in standing(ledger).values() for decision in taken}
    if as_json:
        terminal.answer_json(_plain_log(ledger.decisions, counting, asked))
        return
    for one in ledger.decisions:
        terminal.answer(_line(one) + ("" if one.seq in counting else "  (no longer counts)"))
    terminal.say(f"in force: {len(asked.must)} same, {len(asked.cannot)} different, {asked.unsure} unsure pair(s)")
    _say_contradictions(asked)


def _plain_log(log: Sequence[Decision], counting: set[int], asked: Constraints) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "decisions": [{**asdict(one), "counts": one.seq in counting} for one in log],
        "in_force": {"same": len(asked.must), "different": len(asked.cannot), "unsure": asked.unsure},
        "contradictions": [one._asdict() for one in asked.contradictions],
    }


@audit_app.command("verify")
def verify(
    workspace: WorkspaceFolder,
    auditor: Annotated[
        list[Path] | None, typer.Option("--auditor", help="public.json of an auditor; decisions of others are then problems")
    ] = None,
    checkpoint: Annotated[
        str | None,
        typer.Option("--checkpoint", help="NUMBER:ROOT as verify printed it earlier; the log must continue it"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare the log, every stored bundle and every run with what was written; exit 1 names what is not."""
    from linkage.bundle.keyring import read_recipient
    from linkage.review.audit import audit
    from linkage.unit.workspace import Workspace

    trusted = [read_recipient(path, "auditor").signing for path in auditor or ()]
    found = audit(Workspace(workspace), trusted, _checkpoint(checkpoint) if checkpoint else None)
    if as_json:
        terminal.answer_json(_plain_audit(found))
    else:
        _answer_audit(found)
    if found.problems:
        raise typer.Exit(1)


def _checkpoint(text: str) -> Checkpoint:
    from linkage.errors import UsageError
    from linkage.review.audit import Checkpoint

    number, _, root = text.partition(":")
    if not number.isdecimal() or len(root) != 64:
        raise UsageError("a checkpoint is NUMBER:ROOT, the root 64 hexadecimal digits")
    return Checkpoint(int(number), root.lower())


def _plain_audit(found: Audit) -> dict[str, Any]:
    return {
        "intact": not found.problems,
        "checkpoint": found.checkpoint._asdict() if found.checkpoint else None,
        "bundles": found.bundles,
        "runs": found.runs,
        "problems": [problem._asdict() for problem in found.problems],
    }


def _answer_audit(found: Audit) -> None:
    for problem in found.problems:
        terminal.answer(f"{problem.where}: {problem.what}")
    if found.checkpoint:
        counted = f"{found.checkpoint.decisions} decision(s), {found.bundles} bundle(s), {found.runs} run(s)"
        terminal.answer(f"checkpoint {found.checkpoint.decisions}:{found.checkpoint.root}")
        terminal.say(f"{'intact: ' if not found.problems else 'compared '}{counted}")
