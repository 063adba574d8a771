"""The linkage unit's commands: take bundles in, say why two records are one person, hand out the person map."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linkage.cli import terminal

if TYPE_CHECKING:
    from linkage.review.explain import Person
    from linkage.unit.intake import Received
    from linkage.unit.workspace import Run

WorkspaceFolder = Annotated[Path, typer.Option("--workspace", help="the linkage unit's workspace")]
Json = Annotated[bool, typer.Option("--json", help="answer in JSON")]
Force = Annotated[bool, typer.Option("--force", help="overwrite an existing file")]

export_app = typer.Typer(help="Write the published persons or pairs as CSV.", no_args_is_help=True)


def receive(
    *,
    bundles: Annotated[list[Path], typer.Argument(metavar="BUNDLE ...", help="linking sections: <agency>-<period>.linking.age")],
    workspace: Annotated[Path, typer.Option("--workspace", help="the linkage unit's workspace; made with its first bundle")],
    keys: Annotated[Path, typer.Option("--keys", help="the linkage unit's key folder")],
    trust: Annotated[
        list[Path] | None,
        typer.Option("--trust", help="an agency's public.json, once for each agency; other agencies are refused from then on"),
    ] = None,
    protocol: Annotated[
        Path | None, typer.Option("--protocol", help="the protocol that bundles must follow; else the first bundle's is kept to")
    ] = None,
    supersede: Annotated[
        str | None, typer.Option("--supersede", help="reason for replacing bundles of the same agency and period by later ones")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check bundles one by one and store them; the first that is refused ends it, and nothing of that one is stored."""
    from linkage.bundle.keyring import open_keys, read_public
    from linkage.protocol import read_protocol
    from linkage.unit import intake
    from linkage.unit.workspace import Workspace

    take = partial(
        intake.receive,
        Workspace(workspace),
        keys=open_keys(keys, "unit"),
        today=datetime.now(UTC).date(),
        trust=[read_public(path) for path in trust or ()],
        protocol=read_protocol(protocol) if protocol else None,
        supersede=supersede,
    )
    taken: list[tuple[Path, Received]] = []
    try:
        for path in bundles:
            one = take(data=_read(path), file=str(path))
            taken.append((path, one))
            _say_received(path, one)
    finally:
        if 0 < len(taken) < len(bundles):
            terminal.say(f"stored before this: {', '.join(path.name for path, _ in taken)}; the others were not looked at")
        _answer_received([one for _, one in taken], as_json)


def _read(path: Path) -> bytes:
    from linkage.errors import UsageError

    try:
        return path.read_bytes()
    except OSError:
        raise UsageError("the file cannot be read", file=str(path), hint="check the path") from None


def _say_received(path: Path, one: Received) -> None:
    bundle, signer = one.bundle, one.signer
    terminal.say(f"{path.name}: {bundle.rows} record(s) of {bundle.agency}, period {bundle.period}, sequence {bundle.sequence}")
    if one.replaced is not None:
        terminal.say(f"  replaces sequence {one.replaced}")
    if one.first_use:
        terminal.say(f"  WARNING: nobody vouched for the key of {bundle.agency}; it was believed because its first bundle names it")
        terminal.say(f"  compare by telephone with 'signing' in its public.json: {signer.signing}")
        terminal.say("  or begin a new workspace with --trust and each agency's public.json")


def _answer_received(taken: Sequence[Received], as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        terminal.answer_json([{**asdict(one.bundle), "signer": asdict(one.signer), "replaced": one.replaced} for one in taken])
        return
    for one in taken:
        terminal.answer(one.bundle.bundle_id)


def link(
    *,
    workspace: WorkspaceFolder,
    keys: Annotated[Path, typer.Option("--keys", help="the linkage unit's key folder")],
    period: Annotated[str | None, typer.Option("--period", help="link this period only; else everything received")] = None,
    threads: Annotated[int | None, typer.Option("--threads", min=1, help="threads for the kernels; the result is the same")] = None,
    as_json: Json = False,
) -> None:
    """Link what was received, name the persons and publish the run; the same inputs again change nothing."""
    import numba

    from linkage.bundle.keyring import open_keys
    from linkage.unit.run import run
    from linkage.unit.workspace import open_workspace

    available = numba.get_num_threads()
    numba.set_num_threads(min(threads or available, available))
    published = run(open_workspace(workspace), open_keys(keys, "unit"), period)
    described = published.run.manifest
    if published.already:
        terminal.say("already published: the same bundles, protocol and decisions")
    if published.contradictions:
        terminal.say(f"{published.contradictions} pair(s) decided to be different are joined by other decisions: 'different' won")
    for one in described["passes"]:
        if one["pairs_left_out"]:
            terminal.say(
                f"pass {one['name']}: {one['blocks_left_out']} block(s) above the cap left out, {one['pairs_left_out']} pairs"
            )
    if as_json:
        terminal.answer_json({"run_id": published.run.run_id, "manifest_sha256": published.run.digest, **described["quality"]})
    else:
        terminal.answer(_quality_line(published.run.run_id, described["quality"]))


def _quality_line(run_id: str, quality: dict[str, int]) -> str:
    """The run's ID, and what it says of itself; the estimates are the model's own and know only of pairs that were compared."""
    return (
        f"run {run_id}: {quality['records']} records, {quality['persons']} persons; {quality['pairs_compared']} pairs compared; "
        f"estimated precision {quality['estimated_precision_permille'] / 1000:.3f}, "
        f"recall {quality['estimated_recall_permille'] / 1000:.3f} of compared pairs"
    )


def explain(
    left: Annotated[str, typer.Argument(metavar="RECORD", help="agency:record, the record's pseudonym, or how it begins")],
    right: Annotated[str, typer.Argument(metavar="RECORD", help="another record, in the same ways")],
    workspace: WorkspaceFolder,
    as_json: Json = False,
) -> None:
    """Say why two records are one person or two: level, m, u and weight of every comparison."""
    from linkage.review import explain as reading
    from linkage.unit.decisions import verdicts
    from linkage.unit.ledger import read_ledger
    from linkage.unit.workspace import open_workspace, published

    opened = open_workspace(workspace)
    evidence = reading.read_evidence(published(opened))
    one, other = (reading.find_record(evidence.persons, text) for text in (left, right))
    decision = verdicts(read_ledger(opened.ledger)).get((min(one, other), max(one, other)), "")
    told = reading.explain(evidence, one, other, decision)
    if as_json:
        terminal.answer_json(reading.as_plain(told))
        return
    for line in reading.lines(told):
        terminal.answer(line)


def persons(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="person ID, or how it begins")],
    workspace: WorkspaceFolder,
    as_json: Json = False,
) -> None:
    """List the records of a person and the weights of the links among them."""
    from linkage.review import explain as reading
    from linkage.unit.workspace import open_workspace, published

    evidence = reading.read_evidence(published(open_workspace(workspace)))
    found = reading.person(evidence, reading.find_person(evidence.persons, person))
    if as_json:
        terminal.answer_json(_plain_person(found))
        return
    terminal.answer(f"person  {found.person_id}")
    for member in found.members:
        terminal.answer(f"record  {reading.spoken(member)}")
    for link in found.links:
        terminal.answer(f"link    {reading.spoken(link.left)}  {reading.spoken(link.right)}  {reading.in_bits(link.weight)} bits")


def _plain_person(found: Person) -> dict[str, Any]:
    from linkage.review.explain import bits, spoken

    links = [{"left": spoken(link.left), "right": spoken(link.right), "bits": bits(link.weight)} for link in found.links]
    members = [{"agency": agency, "record": record} for agency, record in found.members]
    return {"person_id": found.person_id, "records": members, "links": links}


@export_app.command("persons")
def export_persons(
    workspace: WorkspaceFolder,
    output: Annotated[Path, typer.Option("-o", "--output", help="where to write the CSV")],
    force: Force = False,
) -> None:
    """Write the person map, agency,record,person_id: pseudonymised personal data, for statistics alone."""
    from linkage.unit.workspace import PERSONS, persons_table, read_run_file

    run = _published(workspace)
    table = persons_table(read_run_file(run, PERSONS))
    rows = zip(*(column.tolist() for column in table), strict=True)
    _export(output, table._fields, rows, run, force)


@export_app.command("pairs")
def export_pairs(
    workspace: WorkspaceFolder,
    output: Annotated[Path, typer.Option("-o", "--output", help="where to write the CSV")],
    force: Force = False,
) -> None:
    """Write the candidate pairs: levels (0 = best, -1 = not observed) and weights in bits; pseudonymised personal data."""
    from linkage.unit.weights import MICROBITS
    from linkage.unit.workspace import LEVEL_PREFIX, PAIRS, pairs_table, read_run_file

    run = _published(workspace)
    table = pairs_table(read_run_file(run, PAIRS))
    bits = ([f"{weight / MICROBITS:.3f}" for weight in column.tolist()] for column in (table.prior, table.weight))
    same = (str(value).lower() for value in table.same.tolist())
    rows = zip(*(column.tolist() for column in table[:4]), *table.levels.T.tolist(), *bits, same, strict=True)
    levels = (f"{LEVEL_PREFIX}{name}" for name in table.comparisons)
    _export(output, (*table._fields[:4], *levels, "prior", "weight", "same"), rows, run, force)


def _published(workspace: Path) -> Run:
    from linkage.unit.workspace import open_workspace, published

    return published(open_workspace(workspace))


def _export(output: Path, header: Sequence[str], rows: Iterable[Sequence[object]], run: Run, force: bool) -> None:
    from linkage.files import PRIVATE, write_new

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_new(output, text.getvalue().encode(), mode=PRIVATE, force=force)
    terminal.say(f"run {run.run_id}: {text.getvalue().count(chr(10)) - 1} row(s); readable by you alone")
    terminal.answer(str(output))
