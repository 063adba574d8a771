"""What counting starts from: the persons of a run or of a file, and the content sections that belong to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from linkage.cli import terminal

if TYPE_CHECKING:
    import pandas as pd

    from linkage.bundle.keyring import KeyFolder
    from linkage.statistics.content import Expected, Sections
    from linkage.statistics.quality_report import Linkage


class Linked(NamedTuple):
    """What the linkage came to.

    Attributes:
        persons: the person map.
        expected: what is known of the run that content sections must be of.
        origin: where all this is from, for a manifest.
        linkage: what is known of how the persons came about; what agencies say of their extracts is not in it yet.
    """

    persons: pd.DataFrame
    expected: Expected
    origin: Mapping[str, Any]
    linkage: Linkage


def linked(workspace: Path | None, persons: Path | None, partitions: Path | None = None) -> Linked:
    """The persons of a workspace's published run, or of a file.

    Raises:
        UsageError: not just one of the two is named, or partitions beside a workspace, which has its own.
    """
    from linkage.errors import UsageError

    if (workspace is None) == (persons is None):
        raise UsageError("name either --workspace or --persons")
    if workspace is None:
        return _from_files(persons or Path(), partitions)
    if partitions is not None:
        raise UsageError("--partitions goes with --persons: a workspace has its own")
    return _from_workspace(workspace)


def _from_workspace(path: Path) -> Linked:
    import json

    import pandas as pd

    from linkage.canonical import digest
    from linkage.statistics.content import expected_of
    from linkage.statistics.partitions import draws_of_run
    from linkage.statistics.quality_report import Linkage
    from linkage.unit.workspace import CERTAINTY, PARTITIONS, PERSONS, PROTOCOL, Workspace, persons_table, published, read_run_file

    run = published(Workspace(path))  # the office reads the publication and needs no ledger
    protocol_id = digest(json.loads(read_run_file(run, PROTOCOL)))
    table = pd.DataFrame(persons_table(read_run_file(run, PERSONS))._asdict())
    there = run.manifest["files"]
    draws = draws_of_run(run) if PARTITIONS in there else None
    certainty = json.loads(read_run_file(run, CERTAINTY)) if CERTAINTY in there else {}
    origin = {"run": run.run_id, "run_manifest_sha256": run.digest, "persons_sha256": there[PERSONS]}
    return Linked(table, expected_of(protocol_id, run.manifest), origin, Linkage(run.manifest, certainty, draws))


def _from_files(persons: Path, partitions: Path | None) -> Linked:
    from linkage.canonical import digest_of_bytes
    from linkage.statistics.content import Expected
    from linkage.statistics.partitions import read_partitions
    from linkage.statistics.quality_report import Linkage

    table = person_map(persons)
    origin = {"run": "", "persons_sha256": digest_of_bytes(read(persons))}
    if partitions is None:
        return Linked(table, Expected(), origin, Linkage())
    data = read(partitions)
    draws = read_partitions(data, str(partitions))
    told = {**origin, "run": draws.run, "partitions_sha256": digest_of_bytes(data)}
    return Linked(table, Expected(), told, Linkage(draws=draws))


def person_map(path: Path) -> pd.DataFrame:
    """A person map that `headcount export persons` wrote."""
    from linkage.evaluation import read_columns

    return read_columns(path, ("agency", "record", "person_id"))


def sections(paths: Sequence[Path], keys: KeyFolder, run: Expected, trust: Sequence[Path]) -> Sections:
    """The content sections, opened and held against the run and the trusted agencies.

    Raises:
        UsageError: a file cannot be read, or none is named.
        BundleError: a section cannot be opened, or is not of the run.
    """
    from linkage.bundle.keyring import read_recipient
    from linkage.statistics.content import open_sections, trusting

    trusted = {public.name: public.signing for public in (read_recipient(path, "agency") for path in trust)}
    pinned = trusting(run, trusted)
    if pinned.signers is None:
        terminal.say("signers were not checked: nothing says which keys the agencies sign with (see --trust)")
    return open_sections([(str(path), read(path)) for path in paths], keys, pinned, date.today())


def read(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        UsageError: it cannot be read.
    """
    from linkage.errors import UsageError

    try:
        return path.read_bytes()
    except OSError:
        raise UsageError("the file cannot be read", file=str(path), hint="check the path") from None
