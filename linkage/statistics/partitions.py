"""How else the doubtful records could be divided into persons: the run's draws, as statistics takes them.

The linkage unit publishes one partition of the records into persons and draws some hundreds of others that fit nearly as
well. Whoever counts with the unit's workspace at hand reads them from its run; a statistics office that was handed a
person map gets them as a file beside it: the table `partitions.parquet` of the run, which says in its metadata of which
person map it is, and how many joins of persons each draw is taken to lack because no blocking pass proposed them.

It is pseudonymised personal data, as the person map is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from linkage.canonical import canonical_json
from linkage.errors import DataError, TamperedError
from linkage.files import content_bytes
from linkage.unit.workspace import (
    CERTAINTY,
    PARTITIONS,
    PERSONS,
    PartitionsTable,
    PersonsTable,
    Run,
    partitions_parquet,
    partitions_table,
    persons_table,
    read_run_file,
)

FORMAT = "headcount-partitions/1"
_ABOUT = b"headcount"
# Pinned, so that equal draws give equal bytes.
_WRITTEN: dict[str, Any] = {
    "version": "2.6",
    "compression": "zstd",
    "compression_level": 3,
    "write_statistics": False,
    "write_page_checksum": True,
    "store_schema": False,
}


@dataclass(frozen=True, eq=False)
class Draws:
    """The partitions that a run drew. Its `repr` shows no record.

    Attributes:
        table: the doubtful records and their clusters in each draw, (n_draws, 0) labels where nobody is doubtful; all other
            records are as published.
        joins: (n_draws,) int64 joins of persons that no pass proposed, in each draw; at least one draw.
        persons: digest of the person map that they are of, see `digest_of_persons`.
        run: the run's ID; "" if there is none.
    """

    table: PartitionsTable = field(repr=False)
    joins: NDArray[np.int64] = field(repr=False)
    persons: str
    run: str = ""


def draws_of_run(run: Run) -> Draws:
    """The draws of a published run.

    Raises:
        TamperedError: a file is missing, or not what was written.
    """
    return draws_of_files({name: read_run_file(run, name) for name in (PARTITIONS, CERTAINTY, PERSONS)}, run.run_id)


def draws_of_files(files: Mapping[str, bytes], run: str = "") -> Draws:
    """The draws in a run's files.

    Args:
        files: name to bytes: the partitions, what the run says of its certainty, the person map.
        run: the run's ID.

    Raises:
        TamperedError: a file is not such a table.
    """
    joins = np.array(json.loads(files[CERTAINTY])["joins_missing"], np.int64)
    table = _of_draws(partitions_table(files[PARTITIONS]), len(joins))
    return Draws(table, joins, digest_of_persons(persons_table(files[PERSONS])), run)


def _of_draws(table: PartitionsTable, draws: int) -> PartitionsTable:
    """The table with one row of labels per draw: a file in which nobody is doubtful does not tell how many there are."""
    return table if len(table.record) else table._replace(labels=np.zeros((draws, 0), np.int8))


def digest_of_persons(persons: PersonsTable) -> str:
    """SHA-256 of a person map, whatever the order of its rows and the file that it stood in."""
    rows = sorted(zip(*(column.tolist() for column in persons), strict=True))
    return hashlib.sha256(canonical_json([list(row) for row in rows])).hexdigest()


def refuse_other_persons(records: pd.DataFrame, draws: Draws) -> None:
    """Draws say something only of the person map that they are of.

    Args:
        records: `agency`, `record` and published `person_id` of each.
        draws: what must be of these persons.

    Raises:
        DataError: they are of another person map.
    """
    persons = PersonsTable(*(records[name].to_numpy(object) for name in PersonsTable._fields))
    if digest_of_persons(persons) != draws.persons:
        raise DataError("the partitions are not of this person map", hint="export both from the same run")


def partitions_file(draws: Draws) -> bytes:
    """The draws as one file; the same draws give the same bytes."""
    about = {"format": FORMAT, "run": draws.run, "persons": draws.persons, "joins_missing": draws.joins.tolist()}
    table = pq.read_table(pa.BufferReader(content_bytes(partitions_parquet(draws.table))))
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, **_WRITTEN) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({_ABOUT: canonical_json(about)})
    return bytes(sink.getvalue().to_pybytes())


def read_partitions(data: bytes, file: str) -> Draws:
    """The draws in such a file.

    Args:
        data: its bytes.
        file: its name, for messages.

    Raises:
        DataError: it is no such file, of another version, or its parts do not belong together.
    """
    about = _about(data, file)
    try:
        table = _of_draws(partitions_table(data), len(about["joins_missing"]))
    except TamperedError as broken:
        raise DataError(broken.message, file=file, hint=_HINT) from None
    joins = np.array(about["joins_missing"], np.int64)
    if len(table.labels) != len(joins):
        raise DataError("the table and its metadata have different numbers of draws", file=file, hint=_HINT)
    return Draws(table, joins, about["persons"], about["run"])


_HINT = "`headcount export partitions` writes such a file"


def _about(data: bytes, file: str) -> dict[str, Any]:
    """What the file says of itself."""
    try:
        told = json.loads((pq.read_metadata(pa.BufferReader(data)).metadata or {})[_ABOUT])
    except (pa.ArrowException, OSError, ValueError, KeyError):
        raise DataError("this is not a file of partitions", file=file, hint=_HINT) from None
    found = told.get("format") if isinstance(told, dict) else None
    if found != FORMAT:
        raise DataError(f"the file's format is not {FORMAT}", file=file, field="format", hint=_HINT)
    texts = all(isinstance(told.get(name), str) for name in ("persons", "run"))
    joins = told.get("joins_missing")
    if not texts or not isinstance(joins, list) or not joins or not all(type(one) is int and one >= 0 for one in joins):
        raise DataError("the file's metadata is not whole", file=file, hint=_HINT)
    return dict(told)
