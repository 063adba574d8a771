"""From content sections and a person map to the files of a release.

    join (content, person map) ▸ count ▸ gate ▸ tables

All pure: the same inputs give the same bytes, and nothing is returned, let alone written, unless the gate let it pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from linkage.canonical import canonical_json, digest_of_bytes
from linkage.errors import DataError
from linkage.protocol import Protocol
from linkage.statistics.counts import count, sources
from linkage.statistics.disclosure import check_release
from linkage.statistics.tables import csv_bytes, text_tables, tidy

FORMAT = "headcount-report/1"
PERSONS_FILE, TABLES_FILE, MANIFEST_FILE = "persons.csv", "tables.txt", "manifest.json"
FILES = (PERSONS_FILE, TABLES_FILE, MANIFEST_FILE)

Content = tuple[str, Mapping[str, NDArray[Any]]]
_RECORD = ["agency", "record"]


def report(
    content: Sequence[Content], persons: pd.DataFrame, protocol: Protocol, tier: str, origin: Mapping[str, Any]
) -> dict[str, bytes]:
    """The files of a release, by name.

    Args:
        content: per content section the agency's name and its columns, `record` among them, as `read_content` gives them.
        persons: the person map: `agency`, `record`, `person_id`.
        protocol: what is counted, and the thresholds of the public tier.
        tier: `restricted` or `public`.
        origin: what the release was made of (run, bundles, digests), for its manifest; no floating-point numbers.

    Returns:
        `persons.csv` (tidy rows), `tables.txt`, and `manifest.json` with the digests of both and of what went in.

    Raises:
        DataError: the content sections and the person map do not speak of the same records.
        DisclosureError: the tier does not allow a count.
        UsageError: no such tier.
    """
    frame = join(content, persons)
    cells = count(frame, protocol)
    check_release(cells, protocol.release, tier)
    text = text_tables(cells, protocol, tier, sources(frame, protocol))
    outputs = {PERSONS_FILE: csv_bytes(tidy(cells, protocol, tier)), TABLES_FILE: text.encode()}
    return {**outputs, MANIFEST_FILE: _manifest(outputs, protocol, tier, origin)}


def join(content: Sequence[Content], persons: pd.DataFrame) -> pd.DataFrame:
    """The content of every record beside its person.

    Returns:
        One row per record: `agency`, `record`, `person_id` and the content columns.

    Raises:
        DataError: a record stands twice, or in one of the two only; with the number per agency, never the record.
    """
    frames = [pd.DataFrame(dict(columns)).assign(agency=agency) for agency, columns in content]
    records = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=_RECORD)
    for rows, where in ((records, "the content sections"), (persons, "the person map")):
        _refuse(rows[rows.duplicated(_RECORD)], f"records that stand twice in {where}")
    both = records.merge(persons[[*_RECORD, "person_id"]], on=_RECORD, how="outer", indicator=True)
    _refuse(both[both["_merge"] == "left_only"], "records with content but without a person")
    _refuse(both[both["_merge"] == "right_only"], "records with a person but without content")
    if both.empty:
        raise DataError("no records to count", hint="name the content bundles of the run")
    return both.drop(columns="_merge")


def _refuse(rows: pd.DataFrame, what: str) -> None:
    if len(rows):
        numbers = ", ".join(f"{agency} {number}" for agency, number in rows.groupby("agency").size().items())
        raise DataError(
            f"{what}: {numbers}", hint="content bundles and person map must come from the same extracts; nothing was written"
        )


def _manifest(outputs: Mapping[str, bytes], protocol: Protocol, tier: str, origin: Mapping[str, Any]) -> bytes:
    digests = {name: digest_of_bytes(data) for name, data in outputs.items()}
    return (
        canonical_json({"format": FORMAT, "protocol_id": protocol.id, "tier": tier, "inputs": dict(origin), "outputs": digests})
        + b"\n"
    )
