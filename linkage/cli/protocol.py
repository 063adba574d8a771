"""`headcount protocol`: start from a ready protocol, and see what one says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.cli import terminal

if TYPE_CHECKING:
    from linkage.protocol import Protocol

protocol_app = typer.Typer(help="the agreement that all sides share", no_args_is_help=True)


@protocol_app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="tip (trafficking in persons) or persons")],
    output: Annotated[Path, typer.Option("-o", "--output", help="where to write it")],
    force: Annotated[bool, typer.Option("--force", help="overwrite an existing file")] = False,
) -> None:
    """Write a ready protocol, with comments, to start from."""
    from linkage.files import write_new
    from linkage.protocol import ready_protocol, ready_text

    agreed = ready_protocol(name)
    write_new(output, ready_text(name).encode(), force=force)
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


def _lines(p: Protocol) -> list[str]:
    return [
        f"protocol     {p.id}",
        f"title        {p.title}",
        f"domain       project {p.project}, epoch {p.epoch}, normaliser {p.normaliser}",
        f"identifiers  {', '.join(p.identifiers)}",
        f"encoding     {p.encoding.scheme}, {p.encoding.bits} bits; {len(p.filters)} filters, {len(p.tokens)} tokens",
        *(f"comparison   {c.name}: {' > '.join(c.level_names)}" for c in p.comparisons),
        f"blocking     {', '.join(p.blocking.passes)}; blocks up to {p.blocking.max_block}",
        *(
            f"join         {' | '.join(j.filters)} at Dice {j.dice} permille, up to {j.max_records} records"
            for j in p.blocking.joins
        ),
        f"clusters     {p.clustering.method} linkage at match probability {p.clustering.threshold} permille",
        f"content      {', '.join(p.content)}",
        f"tables       sex by age group; {', '.join(p.statistics.dimensions) or 'no further dimension'}",
        f"public from  {', '.join(f'{role} {n}' for role, n in sorted(p.release.thresholds.items()))}",
    ]
