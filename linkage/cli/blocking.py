"""`headcount blocking`: what each pass of the protocol would propose, before anything is compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.cli import terminal

if TYPE_CHECKING:
    from linkage.unit.preview import ComparisonCost, PassCost, Preview

_UNCOUNTED = "-"
_HEADER = ("pass", "blocks", "largest", "pairs", "new", "only", "distinct", "blocks out", "records out", "pairs out")
_COSTS = ("comparison", "pairs", "token tests", "filter tests")


def blocking(
    *,
    workspace: Annotated[Path, typer.Option("--workspace", help="the linkage unit's workspace")],
    keys: Annotated[Path, typer.Option("--keys", help="the linkage unit's key folder")],
    period: Annotated[str | None, typer.Option("--period", help="of this period only; else of everything received")] = None,
    most_pairs: Annotated[
        int | None,
        typer.Option("--most-pairs", min=0, help="count blocks only where passes propose more pairs than this; else 50 million"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="answer in JSON")] = False,
) -> None:
    """Say what each blocking pass and join would propose and leave out, and what comparing it costs, comparing nothing."""
    from dataclasses import asdict

    from linkage.bundle.keyring import open_keys
    from linkage.unit.preview import MOST_PAIRS, preview
    from linkage.unit.workspace import open_workspace

    limit = MOST_PAIRS if most_pairs is None else most_pairs
    found = preview(open_workspace(workspace), open_keys(keys, "unit"), period, limit)
    if as_json:
        terminal.answer_json(asdict(found))
    else:
        for line in _lines(found):
            terminal.answer(line)
    for line in _remarks(found):
        terminal.say(line)


def _lines(found: Preview) -> Iterator[str]:
    yield from _aligned([_HEADER, *(_row(one) for one in found.passes)])
    yield ""
    yield from _aligned([_COSTS, *(_cost(one) for one in found.comparisons)])
    yield ""
    what = "candidate pairs" if found.counted else "proposed by passes, a pair counting for each of them"
    yield f"{found.records} records, {found.all_pairs} pairs of records; {found.pairs} {what}"
    yield _cap_words(found)


def _row(one: PassCost) -> tuple[str, ...]:
    counted = (one.blocks, one.largest, one.pairs, one.new, one.only, one.distinct)
    out: tuple[int | None, ...] = (one.blocks_left_out, one.records_left_out, one.pairs_left_out)
    return one.name, *(_UNCOUNTED if n is None else str(n) for n in (*counted, *((None,) * len(out) if one.join else out)))


def _cost(one: ComparisonCost) -> tuple[str, ...]:
    return one.name, str(one.pairs), str(one.token_tests), str(one.filter_tests)


def _cap_words(found: Preview) -> str:
    out = sum(one.pairs_left_out for one in found.passes)
    if not out:
        return f"blocks up to {found.max_block} records: nothing is left out"
    if found.cap < found.max_block:
        return f"blocks up to {found.cap} of {found.max_block} records, to stay within most_pairs; {out} proposals are left out"
    return f"blocks up to {found.max_block} records; up to {found.cap_needed} nothing would be left out, for {out} proposals more"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Names to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        numbers = (text.rjust(width) for text, width in zip(others, widths[1:], strict=True))
        yield "  ".join([first.ljust(widths[0]), *numbers])


def _remarks(found: Preview) -> Iterator[str]:
    if not found.counted:
        yield "passes propose more pairs than --most-pairs: blocks were counted, but no pair was made and no join run"
    elif any(one.join and one.pairs is None for one in found.passes):
        yield "a join without numbers is one that a run leaves out: there are more records than the protocol runs it for"
