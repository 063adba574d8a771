"""`headcount estimate`: how many persons no list holds, from how the lists overlap; experimental."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.cli import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from linkage.cli.linked import Linked
    from linkage.statistics.estimation.captures import Captures

_YEARS = re.compile(r"([0-9]{4})(?:-([0-9]{4}))?")


def estimate(
    table: Annotated[
        Path | None, typer.Option("--table", help="CSV: a column of 0 and 1 for each list, and count; instead of the options below")
    ] = None,
    keys: Annotated[Path | None, typer.Option("--keys", help="the statistics office's key folder")] = None,
    content: Annotated[list[Path] | None, typer.Option("--content", help="a <agency>-<period>.content.age; once for each")] = None,
    more: Annotated[
        list[Path] | None, typer.Argument(metavar="BUNDLE", help="further content bundles, as a shell pattern gives them")
    ] = None,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", help="the linkage unit's workspace; its drawn partitions are averaged over")
    ] = None,
    persons: Annotated[
        Path | None, typer.Option("--persons", help="a person map (agency,record,person_id) instead of a workspace")
    ] = None,
    partitions: Annotated[
        Path | None, typer.Option("--partitions", help="with --persons: the draws of the same run, to be averaged over")
    ] = None,
    trust: Annotated[
        list[Path] | None, typer.Option("--trust", help="public.json of an agency whose signature counts; once for each")
    ] = None,
    role: Annotated[str, typer.Option("--role", help="whose persons")] = "victim",
    years: Annotated[str | None, typer.Option("--years", help="of the events, 2018 or 2016-2018; all records otherwise")] = None,
    merge: Annotated[
        list[str] | None, typer.Option("--merge", help="lists that pass persons on, to be taken as one: police+prosecutor+court")
    ] = None,
    order: Annotated[int, typer.Option("--order", min=2, max=5, help="most lists in one interaction")] = 2,
    true_links: Annotated[
        float, typer.Option("--true-links", min=0, max=1, help="two lists: known share of true links that were found")
    ] = 1.0,
    false_links: Annotated[
        float, typer.Option("--false-links", min=0, max=1, help="two lists: known share of the smaller list linked falsely")
    ] = 0.0,
    top: Annotated[int, typer.Option("--top", min=1, help="models to tell")] = 10,
    bootstrap: Annotated[int, typer.Option("--bootstrap", min=100, max=100_000, help="tables drawn for the interval")] = 1000,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="of the draws; one that never changes otherwise")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="answer in JSON")] = False,
) -> None:
    """Experimental: estimate how many persons there are, those on no list included (multiple-systems estimation)."""
    from linkage.cli.linked import linked
    from linkage.errors import UsageError
    from linkage.statistics.estimation.captures import merged
    from linkage.statistics.estimation.closed_forms import Rates
    from linkage.statistics.estimation.estimate import DEFAULT, Search, pooled
    from linkage.statistics.estimation.wording import lines, plain

    bundles = [*(content or ()), *(more or ())]
    if (table is None) == (not bundles):
        raise UsageError("name either --table or the content bundles")
    if table:
        tables = [_read(table)]
    else:
        tables = _counted(_years(years), role, keys, bundles, linked(workspace, persons, partitions), trust or ())
    how = Search(order, top, bootstrap, DEFAULT.seed if seed is None else seed, Rates(true_links, false_links))
    result = pooled([merged(one, [names.split("+") for names in merge or ()]) for one in tables], how)
    terminal.answer_json(plain(result)) if as_json else terminal.answer("\n".join(lines(result)))


def _read(path: Path) -> Captures:
    import pandas as pd

    from linkage.errors import ExtractError
    from linkage.statistics.estimation.captures import read_captures

    try:
        cells = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", encoding_errors="strict")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError):
        raise ExtractError("the file cannot be read as CSV", file=str(path), hint="it must be a UTF-8 file with commas") from None
    return read_captures(cells, str(path))


def _years(text: str | None) -> tuple[str, ...] | None:
    from linkage.errors import UsageError

    if text is None:
        return None
    named = _YEARS.fullmatch(text)
    first, last = (int(named[1]), int(named[2] or named[1])) if named else (1, 0)
    if first > last:
        raise UsageError("these are no years", hint="--years 2018, or 2016-2018")
    return tuple(str(year) for year in range(first, last + 1))


def _counted(
    years: Sequence[str] | None, role: str, keys: Path | None, bundles: Sequence[Path], found: Linked, trust: Sequence[Path]
) -> list[Captures]:
    """The overlap of the lists as published, and in each partition that the run drew."""
    from linkage.bundle.keyring import open_keys
    from linkage.cli.linked import sections
    from linkage.errors import UsageError
    from linkage.statistics.estimation.averaging import tables
    from linkage.statistics.report import join

    if keys is None:
        raise UsageError("--keys is needed to open content bundles")
    opened = sections(bundles, open_keys(keys, "statistics"), found.expected, trust)
    frame = join(opened.content, found.persons)
    if role not in set(frame["role"]):
        raise UsageError("no record is of this role")
    return tables(frame, opened.protocol, role, years, found.linkage.draws)
