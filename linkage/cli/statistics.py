"""`headcount report`: content sections and a person map in, counts of persons out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linkage.cli import terminal

if TYPE_CHECKING:
    import pandas as pd

    from linkage.bundle.keyring import KeyFolder
    from linkage.statistics.content import Expected, Sections


def report(
    keys: Annotated[Path, typer.Option("--keys", help="the statistics office's key folder")],
    tier: Annotated[str, typer.Option("--tier", help="restricted (exact, confidential) or public (refuses small counts)")],
    output: Annotated[Path, typer.Option("-o", "--output", help="folder for persons.csv, tables.txt and manifest.json")],
    content: Annotated[list[Path] | None, typer.Option("--content", help="a <agency>-<period>.content.age; once for each")] = None,
    more: Annotated[
        list[Path] | None, typer.Argument(metavar="BUNDLE", help="further content bundles, as a shell pattern gives them")
    ] = None,
    workspace: Annotated[Path | None, typer.Option("--workspace", help="the linkage unit's workspace, for its current run")] = None,
    persons: Annotated[
        Path | None, typer.Option("--persons", help="a person map (agency,record,person_id) instead of a workspace")
    ] = None,
    trust: Annotated[
        list[Path] | None, typer.Option("--trust", help="public.json of an agency whose signature counts; once for each")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="overwrite existing files")] = False,
) -> None:
    """Count each person once per year, role and stage, and write the tables if the tier allows them."""
    from linkage.bundle.keyring import open_keys
    from linkage.errors import UsageError
    from linkage.files import PRIVATE, PUBLIC, refuse_overwriting, write_together
    from linkage.statistics.disclosure import PUBLIC_TIER, TIERS
    from linkage.statistics.report import FILES, TABLES_FILE
    from linkage.statistics.report import report as release

    if tier not in TIERS:
        raise UsageError("no such tier", hint=f"one of: {', '.join(TIERS)}")
    refuse_overwriting([output / name for name in FILES], force=force)
    table, run, origin = _person_map(workspace, persons)
    sections = _sections([*(content or ()), *(more or ())], open_keys(keys, "statistics"), run, trust or ())
    outputs = release(sections.content, table, sections.protocol, tier, {**origin, "bundles": list(sections.bundles)})
    mode = PUBLIC if tier == PUBLIC_TIER else PRIVATE
    write_together({output / name: (data, mode) for name, data in outputs.items()})
    terminal.answer(outputs[TABLES_FILE].decode().rstrip("\n"))
    terminal.say(f"wrote {', '.join(FILES)} to {output} ({tier} tier)")


def _person_map(workspace: Path | None, persons: Path | None) -> tuple[pd.DataFrame, Expected, Mapping[str, Any]]:
    """The person map, what is known of its run, and where it is from."""
    from linkage.errors import UsageError

    if (workspace is None) == (persons is None):
        raise UsageError("name either --workspace or --persons")
    return _from_workspace(workspace) if workspace else _from_file(persons or Path())


def _from_workspace(path: Path) -> tuple[pd.DataFrame, Expected, Mapping[str, Any]]:
    import json

    import pandas as pd

    from linkage.canonical import digest
    from linkage.statistics.content import expected_of
    from linkage.unit.workspace import PERSONS, PROTOCOL, Workspace, persons_table, published, read_run_file

    run = published(Workspace(path))  # the office reads the publication and needs no ledger
    protocol_id = digest(json.loads(read_run_file(run, PROTOCOL)))
    table = pd.DataFrame(persons_table(read_run_file(run, PERSONS))._asdict())
    origin = {"run": run.run_id, "run_manifest_sha256": run.digest, "persons_sha256": run.manifest["files"][PERSONS]}
    return table, expected_of(protocol_id, run.manifest), origin


def _from_file(path: Path) -> tuple[pd.DataFrame, Expected, Mapping[str, Any]]:
    from linkage.canonical import digest_of_bytes
    from linkage.evaluation import read_columns
    from linkage.statistics.content import Expected

    table = read_columns(path, ("agency", "record", "person_id"))
    return table, Expected(), {"run": "", "persons_sha256": digest_of_bytes(path.read_bytes())}


def _sections(paths: Sequence[Path], keys: KeyFolder, run: Expected, trust: Sequence[Path]) -> Sections:
    from linkage.bundle.keyring import read_recipient
    from linkage.statistics.content import open_sections, trusting

    trusted = {public.name: public.signing for public in (read_recipient(path, "agency") for path in trust)}
    pinned = trusting(run, trusted)
    if pinned.signers is None:
        terminal.say("signers were not checked: nothing says which keys the agencies sign with (see --trust)")
    return open_sections([(str(path), _read(path)) for path in paths], keys, pinned, date.today())


def _read(path: Path) -> bytes:
    from linkage.errors import UsageError

    try:
        return path.read_bytes()
    except OSError:
        raise UsageError("the file cannot be read", file=str(path), hint="check the path") from None
