"""`headcount seal`: an agency's file in, two sealed sections and its own register out."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.cli import terminal

if TYPE_CHECKING:
    from linkage.errors import Issue


_IN_MEMORY = 64 << 20  # bytes of a body; a larger one is kept in a file without a name


def seal(
    extract: Annotated[Path, typer.Argument(help="the agency's file: CSV, XLSX or Parquet")],
    protocol: Annotated[Path, typer.Option("--protocol", help="the protocol that all agencies agreed on")],
    keys: Annotated[Path, typer.Option("--keys", help="the agency's key folder, with the linkage key installed")],
    period: Annotated[str, typer.Option("--period", help="label of the period, for example 2018 or 2014-2023")],
    unit: Annotated[Path, typer.Option("--unit", help="public.json of the linkage unit")],
    statistics: Annotated[Path, typer.Option("--statistics", help="public.json of the statistics office")],
    output: Annotated[Path, typer.Option("-o", "--output", help="folder for the sealed files")],
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="mapping.toml of the file, if its columns have other names")
    ] = None,
    sequence: Annotated[
        int, typer.Option("--sequence", min=1, help="1 for the first extract of a period, higher for a correction")
    ] = 1,
    force: Annotated[bool, typer.Option("--force", help="overwrite existing files")] = False,
) -> None:
    """Check, encode and seal an extract: a linking section for the unit, a content section for statistics."""
    from linkage.agency.extract import read_extract
    from linkage.agency.keys import derive, linkage_secret
    from linkage.agency.mapping import Mapping, read_mapping
    from linkage.agency.prepare import encode
    from linkage.agency.sections import Readers, Shipment, seal_sections
    from linkage.bundle.keyring import open_keys, read_recipient, secret
    from linkage.files import PRIVATE, PUBLIC, refuse_overwriting, write_together
    from linkage.protocol import read_protocol
    from linkage.sha256 import is_compiled

    agreed = read_protocol(protocol)
    folder = open_keys(keys, "agency")
    targets = _targets(output, folder.public.name, period)
    refuse_overwriting(list(targets), force=force)
    readers = Readers(read_recipient(unit, "unit"), read_recipient(statistics, "statistics"))
    linkage_keys = derive(linkage_secret(folder, agreed.project, agreed.epoch), agreed.project, agreed.epoch)
    how = read_mapping(mapping) if mapping else Mapping()
    if not is_compiled():
        terminal.say("compiling for this machine: the first run takes some seconds longer")
    with _uncollected(), terminal.progress(f"sealing {extract.name}", 9) as advance:
        rows = read_extract(extract, how)
        advance(1)
        encoded = encode(rows, how, agreed, linkage_keys, secret(folder, "agency"), lambda _stage: advance(1))
        shipment = Shipment(period, sequence, datetime.now(UTC).date() + timedelta(days=agreed.release.valid_days))
        with SpooledTemporaryFile(_IN_MEMORY, dir=str(_nearest(output))) as scratch:
            sealed = seal_sections(encoded, agreed, folder, linkage_keys, shipment, readers, scratch)
            advance(1)
            contents = ((sealed.linking, PUBLIC), (sealed.content, PUBLIC), (sealed.register, PRIVATE))
            write_together(dict(zip(targets, contents, strict=True)))
        advance(1)
    terminal.say(f"sealed {len(encoded.local_id)} record(s) of {folder.public.name}, period {period}, sequence {sequence}")
    _tell_blanked(encoded.blanked)
    if rows.ignored:
        terminal.say(f"left out {len(rows.ignored)} column(s) that the protocol does not name: {', '.join(rows.ignored)}")
    terminal.say(f"keep {targets[2].name} inside the agency: it joins pseudonyms to your own record ids")
    for target in targets:
        terminal.answer(str(target))


@contextmanager
def _uncollected() -> Iterator[None]:
    """No looking for garbage in cycles: a list's texts hang together in none, and there are enough of them to keep it busy."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _nearest(output: Path) -> Path:
    """The folder itself or the nearest one above it that exists: most likely on the disk that has room for the result."""
    return next(place for place in (output.absolute(), *output.absolute().parents) if place.is_dir())


def _tell_blanked(blanked: tuple[Issue, ...]) -> None:
    """Every cell that was taken for empty, by row, field and code."""
    if not blanked:
        return
    terminal.say(f"took {len(blanked)} cell(s) that cannot be read for empty, as the mapping says under [rows]:")
    for issue in blanked:
        terminal.say(f"  row {issue.row}, field {issue.field} [{issue.code}]")


def _targets(output: Path, agency: str, period: str) -> tuple[Path, Path, Path]:
    from linkage.bundle.format import file_label

    stem = f"{file_label(agency)}-{file_label(period)}"
    return output / f"{stem}.linking.age", output / f"{stem}.content.age", output / f"{stem}.register.csv"
