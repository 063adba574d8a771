"""`headcount protocol`: start from a ready protocol, see what one says, and what it gives away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from linkage.cli import terminal
from linkage.encoding import Scheme

if TYPE_CHECKING:
    from linkage.protocol import Protocol
    from linkage.protocol_lint import Finding

protocol_app = typer.Typer(help="the agreement that all sides share", no_args_is_help=True)


@protocol_app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="tip (trafficking in persons) or persons")],
    output: Annotated[Path, typer.Option("-o", "--output", help="where to write it")],
    scheme: Annotated[str | None, typer.Option("--scheme", help=f"encoding: {', '.join(get_args(Scheme))}; else locked/1")] = None,
    force: Annotated[bool, typer.Option("--force", help="overwrite an existing file")] = False,
) -> None:
    """Write a ready protocol, with comments, to start from."""
    from linkage.files import write_new
    from linkage.protocol import DEFAULT_SCHEME, ready_protocol, ready_text

    chosen = DEFAULT_SCHEME if scheme is None else scheme
    agreed = ready_protocol(name, chosen)
    write_new(output, ready_text(name, chosen).encode(), force=force)
    terminal.say(f"protocol {agreed.id[:16]}: set project and epoch, then give every agency the same file")
    terminal.answer(str(output))


@protocol_app.command("show")
def show(
    file: Annotated[Path, typer.Argument(help="protocol.toml")],
    as_json: Annotated[bool, typer.Option("--json", help="the canonical JSON that the protocol ID is taken of")] = False,
) -> None:
    """Check a protocol and say in words what it agrees on."""
    from linkage.protocol import read_protocol

    agreed = read_protocol(file)
    if as_json:
        terminal.answer_json({"id": agreed.id, "protocol": json.loads(agreed.canonical)})
        return
    for line in _lines(agreed):
        terminal.answer(line)


@protocol_app.command("lint")
def lint(
    file: Annotated[Path, typer.Argument(help="protocol.toml")],
    as_json: Annotated[bool, typer.Option("--json", help="answer in JSON")] = False,
) -> None:
    """Say what is unsafe or unworkable in a protocol, and what it leaks; exit 1 if anything is refused."""
    from linkage.protocol import read_protocol
    from linkage.protocol_lint import SEVERITIES, findings
    from linkage.schemes import leaks

    agreed = read_protocol(file)
    found = findings(agreed)
    counts = {severity: sum(one.severity == severity for one in found) for severity in SEVERITIES}
    if as_json:
        listed = [one._asdict() for one in found]
        terminal.answer_json({"id": agreed.id, "findings": listed, "counts": counts, "leaks": leaks(agreed.encoding)})
    else:
        for one in found:
            terminal.answer(_finding_line(one))
        terminal.answer(f"found    {', '.join(f'{severity} {count}' for severity, count in counts.items())}")
        terminal.answer(f"leaks    {leaks(agreed.encoding)}")
    if counts["refused"]:
        raise typer.Exit(1)


def _finding_line(finding: Finding) -> str:
    hint = f"; hint: {finding.hint}" if finding.hint else ""
    return f"{finding.severity:<7}  {finding.key}: {finding.text}{hint} [{finding.code}]"


def _lines(p: Protocol) -> list[str]:
    return [
        f"protocol     {p.id}",
        f"title        {p.title}",
        f"domain       project {p.project}, epoch {p.epoch}, normaliser {p.normaliser}",
        f"identifiers  {', '.join(p.identifiers)}",
        f"encoding     {p.encoding.scheme}, {p.encoding.bits} bits; {_axes(p)}",
        *(f"lock         {name}: {_lock_words(p, name)}" for name in _locks(p)),
        *(f"comparison   {c.name}: {' > '.join(c.level_names)}" for c in p.comparisons),
        f"blocking     {', '.join(p.blocking.passes) or 'no pass'}; {_cap_words(p)}",
        *(f"split        {name} by {', '.join(tokens)}" for name, tokens in sorted((p.blocking.split or {}).items())),
        *(
            f"join         {' | '.join(j.filters)} at Dice {j.dice} permille, up to {j.max_records} records"
            for j in p.blocking.joins
        ),
        f"clusters     {p.clustering.method} linkage at match probability {p.clustering.threshold} permille",
        f"content      {', '.join(p.content)}",
        f"tables       sex by age group; {', '.join(p.statistics.dimensions) or 'no further dimension'}",
        f"public from  {', '.join(f'{role} {n}' for role, n in sorted(p.release.thresholds.items()))}",
    ]


def _cap_words(p: Protocol) -> str:
    most = f", up to {p.blocking.most_pairs} pairs a record" if p.blocking.most_pairs else ""
    return f"blocks up to {p.blocking.max_block}{most}"


def _axes(p: Protocol) -> str:
    """How many filters and tokens there are, in how many copies they leave, and under how many locks."""
    e = p.encoding
    shown = sum(not token.hidden for token in e.tokens.values())
    filters, tokens = f"filters {len(e.filters)} (copies {len(p.filters)})", f"tokens {shown} (copies {len(p.tokens)})"
    return f"{filters}, {tokens}, locks {len(_locks(p))}"


def _locks(p: Protocol) -> list[str]:
    e = p.encoding
    return sorted({copy.lock for copy in (*e.filter_copies, *e.token_copies) if copy.lock})


def _lock_words(p: Protocol, lock: str) -> str:
    e = p.encoding
    guarded = dict.fromkeys(copy.name for copy in (*e.filter_copies, *e.token_copies) if copy.lock == lock)
    hidden = " (hidden)" if e.tokens[lock].hidden else ""
    return f"{' and '.join(e.tokens[lock].of)}{hidden} > {', '.join(guarded)}"
