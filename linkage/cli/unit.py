"""The linkage unit's commands: take bundles in, say why two records are one person, hand out the person map."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linkage.cli import terminal

if TYPE_CHECKING:
    from linkage.files import Content
    from linkage.review.waterfall import Ink
    from linkage.unit.intake import Received
    from linkage.unit.workspace import Run

WorkspaceFolder = Annotated[Path, typer.Option("--workspace", help="the linkage unit's workspace")]
Json = Annotated[bool, typer.Option("--json", help="answer in JSON")]
Force = Annotated[bool, typer.Option("--force", help="overwrite an existing file")]
Svg = Annotated[Path | None, typer.Option("--svg", help="also draw it into this file")]

export_app = typer.Typer(help="Write the published persons or pairs as CSV, the draws, or the model.", no_args_is_help=True)


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
            one = take(data=_readable(path), file=str(path))
            taken.append((path, one))
            _say_received(path, one)
    finally:
        if 0 < len(taken) < len(bundles):
            terminal.say(f"stored before this: {', '.join(path.name for path, _ in taken)}; the others were not looked at")
        _answer_received([one for _, one in taken], as_json)


def _readable(path: Path) -> Path:
    from linkage.errors import UsageError

    try:
        path.open("rb").close()
    except OSError:
        raise UsageError("the file cannot be read", file=str(path), hint="check the path") from None
    return path


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
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="FILE|RUN_ID|last",
            help="use this saved model as it is, and say what an estimate would have been, which takes as long again; "
            "else the model is estimated",
        ),
    ] = None,
    threads: Annotated[int | None, typer.Option("--threads", min=1, help="threads for the kernels; the result is the same")] = None,
    memory: Annotated[
        float | None,
        typer.Option("--memory", min=0.1, help="GB to stay within; half of the machine's if not given; the result is the same"),
    ] = None,
    profile: Annotated[bool, typer.Option("--profile", help="say what each stage took: seconds, processor, memory")] = False,
    as_json: Json = False,
) -> None:
    """Link what was received, name the persons and publish the run; the same inputs again change nothing."""
    from linkage.bundle.keyring import open_keys
    from linkage.cli import kernels, watch
    from linkage.files import machine_memory, settle_memory
    from linkage.unit.model_choice import find_model
    from linkage.unit.run import run
    from linkage.unit.workspace import keep_timings, open_workspace

    within = machine_memory() // 2 if memory is None else round(memory * 1e9)
    settle_memory(within)
    kernels.set_threads(threads)
    opened = open_workspace(workspace)
    with watch.watching() as clock:

        def report(stage: str, done: int, parts: int) -> None:
            if stage == "open":
                kernels.start_aside()
            clock.report(stage, done, parts)

        given = None if model is None else find_model(opened, model)
        published = run(opened, open_keys(keys, "unit"), period, given, within, report)
    if not published.already:
        keep_timings(published.run, watch.described(clock.stages))
    for line in watch.table(clock.stages) if profile and not published.already else ():
        terminal.say(line)
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
    for line in _model_words(described):
        terminal.say(line)
    if as_json:
        model_told = {key: described[key] for key in ("model", "drift", "anew")}
        names = {"run_id": published.run.run_id, "manifest_sha256": published.run.digest}
        terminal.answer_json({**names, **described["quality"], **model_told})
    else:
        terminal.answer(_quality_line(published.run.run_id, described["quality"]))


def _model_words(described: Mapping[str, Any]) -> Iterator[str]:
    """What is to be said of the run's model: whether it settled, whose it is, and how far from another."""
    from linkage.unit.drift import lines
    from linkage.unit.estimate import MAX_ITERATIONS

    model, anew, moved = (described[key] for key in ("model", "anew", "drift"))
    given = model["origin"] == "given"
    for whose, told in (("the given model's estimate" if given else "the estimate", model), ("the estimate anew", anew)):
        if told and not told["converged"]:
            yield f"{whose} stopped at its cap of {MAX_ITERATIONS} steps without settling"
    if given and model["protocol_id"] != described["inputs"]["protocol_id"]:
        yield "the given model was estimated under another protocol; comparisons and levels have the same names"
    if given:
        yield f"model given: {model['sha256']}; {_anew_words(anew, described['quality'])}"
    where = "from the given model to these lists" if given else f"since run {moved and moved['since']}"
    for line in lines(moved) if moved else ():
        yield f"drift: {line} {where}"


def _anew_words(anew: Mapping[str, int] | None, quality: Mapping[str, int]) -> str:
    if anew is None:
        return "these lists cannot carry an estimate of their own"
    others = (f"{anew['persons']} persons", f"{anew['pairs_linked']} pairs linked")
    return f"estimated anew: {', '.join(others)}; as given: {quality['persons']} and {quality['pairs_linked']}"


def _quality_line(run_id: str, quality: dict[str, int]) -> str:
    """The run's ID, and what it says of itself without truth."""
    precision, recall, kept = (
        quality[f"{name}_permille"] / 1000 for name in ("estimated_precision", "estimated_recall", "blocking_kept")
    )
    return (
        f"run {run_id}: {quality['records']} records, {quality['persons']} persons "
        f"(estimated {quality['persons_estimated']}, 95 % interval {quality['persons_low']} to {quality['persons_high']}); "
        f"{quality['pairs_compared']} pairs compared; estimated precision {precision:.3f}, recall {recall:.3f}, "
        f"blocking kept {kept:.3f} of the true pairs"
    )


def explain(
    left: Annotated[str, typer.Argument(metavar="RECORD", help="agency:record, the record's pseudonym, or how it begins")],
    right: Annotated[str, typer.Argument(metavar="RECORD", help="another record, in the same ways")],
    workspace: WorkspaceFolder,
    svg: Svg = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Say why two records are one person or two: the weight as a waterfall, what would flip it, and what the run made of it."""
    from linkage.review import explain as reading
    from linkage.review.pair_svg import pair_svg
    from linkage.unit.decisions import verdicts
    from linkage.unit.ledger import read_ledger
    from linkage.unit.workspace import open_workspace, published

    opened = open_workspace(workspace)
    evidence = reading.read_evidence(published(opened))
    one, other = (reading.find_record(evidence.persons, text) for text in (left, right))
    decision = verdicts(read_ledger(opened.ledger)).get((min(one, other), max(one, other)), "")
    told = reading.explain(evidence, one, other, decision)
    if svg:
        _draw(svg, pair_svg(told), force)
    if as_json:
        terminal.answer_json(reading.as_plain(told))
        return
    for line in reading.lines(told, _ink()):
        terminal.answer(line)


def persons(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="person ID, or how it begins")],
    workspace: WorkspaceFolder,
    svg: Svg = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """List the records of a person, the links among them, and what holds them together: strongest links and bridges."""
    from linkage.review import person as reading
    from linkage.review.explain import find_person, read_evidence
    from linkage.review.person_svg import person_svg
    from linkage.unit.workspace import open_workspace, published

    evidence = read_evidence(published(open_workspace(workspace)))
    found = reading.person(evidence, find_person(evidence.persons, person))
    if svg:
        _draw(svg, person_svg(found), force)
    if as_json:
        terminal.answer_json(reading.plain_person(found))
        return
    for line in reading.person_lines(found, _ink()):
        terminal.answer(line)


def _ink() -> Ink:
    """Blocks where stdout can show them, else ASCII."""
    from linkage.review.waterfall import ASCII, BLOCKS

    try:
        "".join(BLOCKS).encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BLOCKS


def _draw(path: Path, drawing: str, force: bool) -> None:
    from linkage.files import PRIVATE, write_new

    write_new(path, drawing.encode(), mode=PRIVATE, force=force)
    terminal.say(f"{path}: drawn; pseudonymised personal data, readable by you alone")


@export_app.command("persons")
def export_persons(
    workspace: WorkspaceFolder,
    output: Annotated[Path, typer.Option("-o", "--output", help="where to write the CSV")],
    force: Force = False,
) -> None:
    """Write the person map, agency,record,person_id: pseudonymised personal data, for statistics alone."""
    from linkage.unit.parquet import write_csv
    from linkage.unit.workspace import PERSONS, persons_columns, read_run_file

    run = _published(workspace)
    table = persons_columns(read_run_file(run, PERSONS))
    _export(output, partial(write_csv, table), table.num_rows, run, force)


@export_app.command("pairs")
def export_pairs(
    workspace: WorkspaceFolder,
    output: Annotated[Path, typer.Option("-o", "--output", help="where to write the CSV")],
    force: Force = False,
) -> None:
    """Write the pairs that are kept: levels (0 = best, -1 = not observed) and weights in bits; pseudonymised personal data."""
    from linkage.unit.weights import MICROBITS
    from linkage.unit.workspace import LEVEL_PREFIX, PAIRS, pairs_table, read_run_file

    run = _published(workspace)
    table = pairs_table(read_run_file(run, PAIRS))
    bits = ([f"{weight / MICROBITS:.3f}" for weight in column.tolist()] for column in (table.prior, table.weight))
    same = (str(value).lower() for value in table.same.tolist())
    rows = zip(*(column.tolist() for column in table[:4]), *table.levels.T.tolist(), *bits, same, strict=True)
    levels = (f"{LEVEL_PREFIX}{name}" for name in table.comparisons)
    text = _csv((*table._fields[:4], *levels, "prior", "weight", "same"), rows)
    _export(output, text.encode(), len(table.same), run, force)


@export_app.command("partitions")
def export_partitions(
    workspace: WorkspaceFolder,
    output: Annotated[Path, typer.Option("-o", "--output", help="where to write the draws, Parquet")],
    force: Force = False,
) -> None:
    """Write how else doubtful records could be divided, for intervals: pseudonymised personal data, for statistics alone."""
    from linkage.files import PRIVATE, write_new
    from linkage.statistics.partitions import draws_of_run, partitions_file

    draws = draws_of_run(_published(workspace))
    write_new(output, partitions_file(draws), mode=PRIVATE, force=force)
    terminal.say(
        f"run {draws.run}: {len(draws.joins)} draws of {len(draws.table.record)} doubtful record(s); readable by you alone"
    )
    terminal.answer(str(output))


@export_app.command("model")
def export_model(
    workspace: WorkspaceFolder,
    output: Annotated[Path, typer.Option("-o", "--output", help="where to write the model, JSON")],
    force: Force = False,
) -> None:
    """Write the published run's model, for `link --model`: how often levels occur, and no record."""
    from linkage.files import PRIVATE, write_new
    from linkage.unit.workspace import MODEL, read_run_file

    run = _published(workspace)
    write_new(output, read_run_file(run, MODEL), mode=PRIVATE, force=force)
    terminal.say(f"run {run.run_id}: its model; readable by you alone")
    terminal.answer(str(output))


def _published(workspace: Path) -> Run:
    from linkage.unit.workspace import open_workspace, published

    return published(open_workspace(workspace))


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _export(output: Path, content: Content, rows: int, run: Run, force: bool) -> None:
    from linkage.files import PRIVATE, write_new

    write_new(output, content, mode=PRIVATE, force=force)
    terminal.say(f"run {run.run_id}: {rows} row(s); readable by you alone")
    terminal.answer(str(output))
