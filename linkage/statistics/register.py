"""What was published before, and what a new release would give away beside it.

Two harmless releases can be harmful together: a count that grows by one between them is a count of one. The register keeps
the public cells of every release. A new one is held against all of them: the same cell may stay as it is or change by the
threshold and more, and so may a longer period against a shorter one that was published within it. What changes by less is
hidden in the new release (`disclosure.protect` with `earlier`) or refused (`check_differencing`).

A register is a folder: one CSV file per release, and an index that names each with its digest.

Source: reference `statistics.md`, section 6, step 5.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pandas as pd

from linkage.canonical import canonical_json, digest_of_bytes
from linkage.errors import DisclosureError, SchemaError, TamperedError, UsageError
from linkage.files import exclusive_lock, write_atomically
from linkage.schema import build
from linkage.statistics.cells import KEY, MEASURES, SHOWN
from linkage.statistics.sensitivity import Rules, moved_slightly

FORMAT = "headcount-register/1"
INDEX_FILE, LOCK_FILE = "register.json", "register.lock"
_FORBID = {"extra": "forbid"}


@dataclass(frozen=True)
class Entry:
    """One release in the index.

    Attributes:
        name: what the office calls it; unique.
        protocol_id: under which was counted.
        file: of its cells, in the register's folder.
        sha256: of that file.
    """

    name: str
    protocol_id: str
    file: str
    sha256: str

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class Index:
    """All releases, oldest first."""

    releases: tuple[Entry, ...] = ()
    format: str = FORMAT

    __pydantic_config__ = _FORBID


@dataclass(frozen=True, eq=False)
class Released:
    """A release as it was published.

    Attributes:
        entry: its line in the index.
        cells: `KEY`, `count`, `low`, `high` and `hidden`, as `disclosure.protect` gave them.
    """

    entry: Entry
    cells: pd.DataFrame = field(repr=False)


def cells_bytes(cells: pd.DataFrame) -> bytes:
    """The cells as CSV, sorted: the same bytes whatever the order of rows."""
    rows = cells[[*KEY, *MEASURES, "hidden"]].sort_values(KEY)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(rows.columns)
    writer.writerows(rows.itertuples(index=False))
    return stream.getvalue().encode()


def digest_of_cells(cells: pd.DataFrame) -> str:
    """SHA-256 of the cells: what a release decision is about."""
    return digest_of_bytes(cells_bytes(cells))


def register_release(folder: Path, name: str, protocol_id: str, cells: pd.DataFrame) -> Entry:
    """Add a release to the register; the same release under the same name changes nothing.

    Args:
        folder: the register; made if it is not there.
        name: what the office calls the release.
        protocol_id: under which was counted.
        cells: public ones, after protection.

    Raises:
        UsageError: another release has the name.
        TamperedError: the register is not what was written.
        LockedError: another process is writing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive_lock(folder / LOCK_FILE):
        index = _index(folder)
        data = cells_bytes(cells)
        number = len(index.releases) + 1
        entry = Entry(name, protocol_id, f"{number:04}-{digest_of_bytes(data)[:12]}.csv", digest_of_bytes(data))
        for known in index.releases:
            if known.name == name and (known.sha256, known.protocol_id) == (entry.sha256, protocol_id):
                return known
            if known.name == name:
                raise UsageError("the register has another release of this name", file=str(folder), hint="give it another name")
        write_atomically(folder / entry.file, data)
        write_atomically(folder / INDEX_FILE, canonical_json(asdict(Index((*index.releases, entry)))) + b"\n")
    return entry


def read_register(folder: Path) -> tuple[Released, ...]:
    """All releases, oldest first; none where there is no register.

    Raises:
        TamperedError: the register is not what was written.
    """
    return tuple(Released(entry, _cells(folder / entry.file, entry)) for entry in _index(folder).releases)


def check_differencing(cells: pd.DataFrame, register: Sequence[Released], rules: Rules) -> None:
    """Refuse public cells that give a small count away beside an earlier release.

    Args:
        cells: after protection.
        register: earlier releases.
        rules: how small a difference may not be.

    Raises:
        DisclosureError: with the kinds of tables and roles, and neither cell nor count.
    """
    shown = cells[cells["hidden"] == SHOWN]
    classes: set[tuple[str, str]] = set()
    for release in register:
        moved = shown[moved_slightly(shown, release.cells, rules)]
        classes |= set(zip(moved["table"], moved["role"], strict=True))
    if classes:
        named = "; ".join(f"table {table}, role {role}" for table, role in sorted(classes))
        raise DisclosureError(
            f"counts that differ by a few persons from an earlier release: {named}",
            hint="protect against the earlier releases, so that these are hidden",
        )


def _index(folder: Path) -> Index:
    path = folder / INDEX_FILE
    if not path.exists():
        return Index()
    try:
        index = build(Index, json.loads(path.read_bytes()), str(path))
    except (ValueError, RecursionError, SchemaError):
        raise TamperedError("the register of releases is damaged", file=str(path)) from None
    if index.format != FORMAT:
        raise TamperedError("the register of releases is of another form", file=str(path))
    return index


def _cells(path: Path, entry: Entry) -> pd.DataFrame:
    try:
        data = path.read_bytes()
    except OSError:
        raise TamperedError("a release of the register is missing", file=str(path)) from None
    if digest_of_bytes(data) != entry.sha256:
        raise TamperedError("a release of the register is not what was written", file=str(path))
    text = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)
    return text.astype(dict.fromkeys(MEASURES, "int64")).astype(dict.fromkeys((*KEY, "hidden"), object))
