"""The linkage unit's folder: readers see the old publication or the new one, never a mixture.

A run is a directory of files that never change, with a manifest that holds the SHA-256 of each; `CURRENT` names one run
and the SHA-256 of its manifest, and replacing `CURRENT` is the only step of publishing that a reader can notice. Files
are verified on the very bytes that are handed on, because Parquet with default settings gives silently wrong rows for
nine in ten flipped bits. One process writes at a time; readers take no lock.
Source of the pattern: reference `reliability.md`, sections 3 and 4.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.canonical import canonical_json, digest_of_bytes
from linkage.errors import TamperedError, UsageError
from linkage.files import (
    PRIVATE,
    Content,
    Writes,
    copy_atomically,
    exclusive_lock,
    make_private_directory,
    sync_directory,
    write_atomically,
    write_digested,
)
from linkage.unit.parquet import (
    Chosen,
    Column,
    Texts,
    as_bytes,
    as_texts,
    numbers,
    order_of,
    read,
    refuse_other_columns,
    taken,
    texts,
    written,
)

MANIFEST = "manifest.json"
PERSONS, PAIRS, CHANGES, KNOWN = "persons.parquet", "pairs.parquet", "changes.parquet", "known.parquet"
PARTITIONS, CERTAINTY = "partitions.parquet", "certainty.json"
MODEL, PROTOCOL = "model.json", "protocol.json"
# What a run took; not in its manifest, because equal runs take different times.
TIMINGS = "timings.json"
LEVEL_PREFIX = "level:"
PARTS = 2  # raised where a change of the program makes other parts of the same bundles
_OWN_NAMES = {"ledger.sqlite", "ledger.sqlite-journal", "lock", "bundles", "runs", "parts", "CURRENT"}
_PLAIN_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")
_POINTER = re.compile(r"([0-9A-Za-z][0-9A-Za-z._-]{0,99}) ([0-9a-f]{64})\n")


@dataclass(frozen=True)
class Workspace:
    """Where the unit keeps what it received, decided and published.

    Attributes:
        path: the folder; it may not exist yet.
    """

    path: Path

    @property
    def ledger(self) -> Path:
        """The memory: settings, signers, bundles, decisions, runs."""
        return self.path / "ledger.sqlite"

    @property
    def lock(self) -> Path:
        """Held by the one writer."""
        return self.path / "lock"

    @property
    def bundles(self) -> Path:
        """Linking sections as they were received."""
        return self.path / "bundles"

    @property
    def runs(self) -> Path:
        """One directory per run."""
        return self.path / "runs"

    @property
    def pointer(self) -> Path:
        """`CURRENT`: the published run's ID and the SHA-256 of its manifest."""
        return self.path / "CURRENT"


@dataclass(frozen=True)
class Run:
    """A run whose manifest was verified.

    Attributes:
        run_id: its name.
        directory: where its files are.
        digest: SHA-256 of the manifest's bytes.
        manifest: what the run says of itself; `files` holds each file's SHA-256.
    """

    run_id: str
    directory: Path
    digest: str
    manifest: Mapping[str, Any] = field(repr=False)


class PersonsTable(NamedTuple):
    """Every record's person, sorted by agency and record.

    Attributes:
        agency, record, person_id: (n_records,) object arrays of text.
    """

    agency: Texts
    record: Texts
    person_id: Texts


End = TypeVar("End", Texts, Chosen)


class PairsTable(NamedTuple, Generic[End]):
    """Every pair that is kept, sorted by its records.

    Attributes:
        left_agency, left_record, right_agency, right_record: (n_pairs,) object arrays of text, or texts chosen by number.
        comparisons: names, in the protocol's order.
        levels: (n_pairs, n_comparisons) int8, 0 = best, −1 = not observed.
        prior: (n_pairs,) int64 microbits, from which the pair's weight starts.
        weight: (n_pairs,) int64 microbits, prior included.
        same: (n_pairs,) bool, whether both records are one person.
        apart: (n_pairs,) object array of text, why a pair that speaks for one person is counted as two; "" where none is.
    """

    left_agency: End
    left_record: End
    right_agency: End
    right_record: End
    comparisons: tuple[str, ...]
    levels: NDArray[np.int8]
    prior: NDArray[np.int64]
    weight: NDArray[np.int64]
    same: NDArray[np.bool_]
    apart: Texts


def open_workspace(path: Path) -> Workspace:
    """A workspace that has received something.

    Raises:
        UsageError: the folder is not a workspace.
        TamperedError: it published a run, and its ledger is gone.
    """
    workspace = Workspace(path)
    _refuse_lost_ledger(workspace)
    if not workspace.ledger.is_file():
        raise UsageError("this is not a workspace", file=str(path), hint="`headcount receive` makes one with its first bundle")
    return workspace


def create(path: Path) -> Workspace:
    """The workspace at this path, made if there is none; only the unit's own user may enter it.

    Raises:
        UsageError: the folder holds something else.
        TamperedError: it published a run, and its ledger is gone.
    """
    workspace = Workspace(path)
    refuse_foreign_folder(workspace)
    for folder in (path, workspace.bundles, workspace.runs):
        if not folder.is_dir():
            make_private_directory(folder)
    return workspace


def refuse_foreign_folder(workspace: Workspace) -> None:
    """Refuse a folder that was not made by us, before anything is written into it.

    Raises:
        UsageError: the folder holds something else, or is a file.
        TamperedError: it published a run, and its ledger is gone.
    """
    path = workspace.path
    if path.exists() and not path.is_dir():
        raise UsageError("a workspace is a folder, this is a file", file=str(path))
    _refuse_lost_ledger(workspace)
    if not workspace.ledger.exists() and path.is_dir() and any(child.name not in _OWN_NAMES for child in path.iterdir()):
        raise UsageError("the folder holds something else", file=str(path), hint="give the workspace a folder of its own")


def _refuse_lost_ledger(workspace: Workspace) -> None:
    """A workspace without its ledger would trust any signer anew."""
    ledger = workspace.ledger
    if workspace.pointer.exists() and not (ledger.is_file() and ledger.stat().st_size):
        raise TamperedError("the workspace has published a run, and its ledger is gone", file=str(workspace.path))


@contextmanager
def writing(workspace: Workspace) -> Iterator[None]:
    """Be the workspace's one writer.

    Raises:
        LockedError: another process is.
    """
    with exclusive_lock(workspace.lock):
        yield


@contextmanager
def parts_folder(workspace: Workspace, job: str) -> Iterator[Path]:
    """Where a job keeps its parts until it is done; a job of the same name goes on with what an earlier, stopped one left.

    The caller holds the lock, so what other jobs left is nobody's.

    Args:
        workspace: the workspace.
        job: what the parts are a function of, as a digest.
    """
    folder = workspace.path / "parts"
    for leftover in folder.glob("*"):
        if not leftover.is_dir():
            leftover.unlink()
        elif leftover.name != job[:16]:
            shutil.rmtree(leftover)
    yield folder / job[:16]
    shutil.rmtree(folder, ignore_errors=True)


def publish(workspace: Workspace, run_id: str, files: Mapping[str, Content], manifest: Mapping[str, Any]) -> Run:
    """Make a run the current one: its directory appears whole, and then `CURRENT` changes in one step.

    The caller holds the lock. Stopped at any point, the earlier publication stays, and the same call finishes the job;
    what an interrupted call left behind is cleared by the next.

    Args:
        workspace: the workspace.
        run_id: letters, digits and `._-`; the same run has the same ID.
        files: name to content; what is the same object is made once.
        manifest: what the run says of itself, without floating-point numbers; `run_id` and `files` are added.

    Raises:
        TamperedError: a run of this ID exists with other content.
    """
    if not all(_PLAIN_NAME.fullmatch(name) for name in (run_id, *files)) or MANIFEST in files:
        raise ValueError("a run's ID and file names are letters, digits and ._-")
    for leftover in workspace.runs.glob(".*.partial"):
        shutil.rmtree(leftover)
    partial = workspace.runs / f".{run_id}.partial"
    try:
        make_private_directory(partial)
        described = canonical_json({**manifest, "run_id": run_id, "files": _write_files(partial, files)})
        _keep_run(workspace, run_id, partial, described)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    line = f"{run_id} {digest_of_bytes(described)}\n".encode()
    if not workspace.pointer.exists() or workspace.pointer.read_bytes() != line:
        write_atomically(workspace.pointer, line, mode=PRIVATE)
    return read_run(workspace, run_id, digest_of_bytes(described))


def _write_files(folder: Path, files: Mapping[str, Content]) -> dict[str, str]:
    """Name to SHA-256 of what was written."""
    made: dict[int, str] = {}
    digests: dict[str, str] = {}
    for name, content in files.items():
        twin = made.setdefault(id(content), name)
        if twin == name:
            digests[name] = write_digested(folder / name, content, mode=PRIVATE)
        else:
            digests[name] = digests[twin]
            copy_atomically(folder / twin, folder / name, digests[twin], mode=PRIVATE)
    return digests


def _keep_run(workspace: Workspace, run_id: str, partial: Path, described: bytes) -> None:
    """Give a run that was written its name, or see that the one of that name is the same."""
    if (workspace.runs / run_id).exists():
        run = read_run(workspace, run_id, digest_of_bytes(described))
        for name in run.manifest["files"]:
            read_run_file(run, name)
        return
    write_atomically(partial / MANIFEST, described, mode=PRIVATE)
    partial.rename(workspace.runs / run_id)
    sync_directory(workspace.runs)


def keep_timings(run: Run, timings: Mapping[str, Any]) -> None:
    """Write what a run took beside its files; nothing reads it but people."""
    write_atomically(run.directory / TIMINGS, canonical_json(timings), mode=PRIVATE)


def current(workspace: Workspace) -> Run | None:
    """The published run, or None where nothing was published.

    Raises:
        TamperedError: `CURRENT` or the run's manifest is not what was written.
    """
    try:
        line = workspace.pointer.read_bytes()
    except FileNotFoundError:
        return None
    named = _POINTER.fullmatch(line.decode("ascii", "replace"))
    if named is None:
        raise TamperedError("this is not what was written", file=str(workspace.pointer))
    return read_run(workspace, named[1], named[2])


def published(workspace: Workspace) -> Run:
    """The published run.

    Raises:
        UsageError: nothing was published.
        TamperedError: `CURRENT` or the run's manifest is not what was written.
    """
    run = current(workspace)
    if run is None:
        raise UsageError("nothing was linked in this workspace", file=str(workspace.path), hint="run `headcount link` first")
    return run


def read_run(workspace: Workspace, run_id: str, digest: str) -> Run:
    """A run by its ID and the SHA-256 of its manifest.

    Raises:
        TamperedError: the manifest is missing, or not what was written.
    """
    directory = workspace.runs / run_id
    described = _verified(directory / MANIFEST, digest)
    return Run(run_id, directory, digest, json.loads(described))


def read_run_file(run: Run, name: str) -> bytes:
    """A file of the run, verified on the bytes that are returned.

    Raises:
        TamperedError: it is missing, or not what was written.
    """
    if name not in run.manifest["files"]:
        raise TamperedError("the run has no such file", file=str(run.directory / name))
    return _verified(run.directory / name, run.manifest["files"][name])


def _verified(path: Path, digest: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError:
        raise TamperedError("a file of the run is missing or cannot be read", file=str(path)) from None
    if digest_of_bytes(data) != digest:
        raise TamperedError("the file is not what was written", file=str(path))
    return data


def persons_parquet(table: tuple[Column, Column, Column]) -> Writes:
    """What writes a person map, its columns those of a `PersonsTable`, as Parquet, sorted by agency and record."""
    order = order_of(*table[:2])
    columns = [taken(column, order) for column in table]

    def part(rows: slice) -> Any:
        return pa.table([texts(taken(column, rows)) for column in columns], PersonsTable._fields)

    return written(part, _length(table[2]))


def _length(column: Column) -> int:
    return len(column.rows if isinstance(column, Chosen) else column)


def persons_columns(data: bytes) -> Any:
    """The person map in `persons.parquet` or `known.parquet`, as an Arrow table of texts.

    Raises:
        TamperedError: it is no such table.
    """
    table = read(data, PERSONS)
    refuse_other_columns(table, dict.fromkeys(PersonsTable._fields, pa.string()), PERSONS)
    return table


def persons_table(data: bytes) -> PersonsTable:
    """The same as texts.

    Raises:
        TamperedError: it is no such table.
    """
    return PersonsTable(*(as_texts(column) for column in persons_columns(data).columns))


def pairs_parquet(table: PairsTable[Texts] | PairsTable[Chosen]) -> Writes:
    """What writes the candidate pairs as Parquet, sorted by their records."""
    whole = _some_pairs(table, order_of(*table[:4]))
    return pairs_in_parts(lambda rows: _some_pairs(whole, rows), len(whole.levels))


def _some_pairs(table: PairsTable[Any], rows: slice | NDArray[np.intp]) -> PairsTable[Any]:
    some: dict[str, Any] = {name: taken(getattr(table, name), rows) for name in (*_ENDS, _APART)}
    some |= {name: getattr(table, name)[rows] for name in ("levels", *_NUMBERS)}
    return table._replace(**some)


def pairs_in_parts(part: Callable[[slice], PairsTable[Texts] | PairsTable[Chosen]], rows: int) -> Writes:
    """What writes candidate pairs as Parquet that are not all laid out at once.

    Args:
        part: gives some of the pairs, which are sorted by their records.
        rows: how many there are.
    """

    def made(some: slice) -> Any:
        table = part(some)
        ends = {name: texts(getattr(table, name)) for name in _ENDS}
        shown = {f"{LEVEL_PREFIX}{name}": numbers(table.levels[:, i]) for i, name in enumerate(table.comparisons)}
        told = {name: numbers(getattr(table, name)) for name in _NUMBERS}
        return pa.table(ends | shown | told | {_APART: texts(table.apart)})

    return written(made, rows)


def pairs_table(data: bytes) -> PairsTable[Texts]:
    """The candidate pairs in `pairs.parquet`.

    Raises:
        TamperedError: it is no such table.
    """
    table = read(data, PAIRS)
    level_columns = [name for name in table.column_names if name.startswith(LEVEL_PREFIX)]
    texts = dict.fromkeys((*_ENDS, _APART), pa.string())
    refuse_other_columns(table, texts | dict.fromkeys(level_columns, pa.int8()) | _NUMBERS, PAIRS)
    levels = np.empty((table.num_rows, len(level_columns)), dtype=np.int8)
    for i, name in enumerate(level_columns):
        levels[:, i] = table[name].to_numpy()
    columns: dict[str, Any] = {name: as_texts(table[name]) for name in (*_ENDS, _APART)}
    columns |= {name: table[name].to_numpy() for name in _NUMBERS}
    comparisons = tuple(name.removeprefix(LEVEL_PREFIX) for name in level_columns)
    return PairsTable(**columns, comparisons=comparisons, levels=levels)


class PartitionsTable(NamedTuple):
    """How doubtful groups of records were divided in each draw; all other records are as published.

    Attributes:
        agency, record: (n_doubtful,) object arrays of text, sorted.
        group: (n_doubtful,) int32; no draw joins two groups.
        labels: (n_draws, n_doubtful) int8, cluster within the group; read from a file, (0, 0) where nobody is doubtful.
    """

    agency: Texts
    record: Texts
    group: NDArray[np.int32]
    labels: NDArray[np.int8]


def partitions_parquet(table: tuple[Column, Column, NDArray[np.int32], NDArray[np.int8]]) -> Writes:
    """What writes the draws, in the columns of a `PartitionsTable`, as Parquet: a row per doubtful record, a byte per draw.

    As lists, a million records' labels would take several seconds; as bytes side by side they are written as they are.
    """
    order = order_of(*table[:2])
    agency, record, group, labels = taken(table[0], order), taken(table[1], order), table[2][order], table[3].T[order]
    kind = pa.binary(max(len(table[3]), 1))

    def part(rows: slice) -> Any:
        some = np.ascontiguousarray(labels[rows], np.int8)
        drawn = pa.Array.from_buffers(kind, len(some), [None, pa.py_buffer(some)])
        named = {"agency": texts(taken(agency, rows)), "record": texts(taken(record, rows))}
        return pa.table({**named, "group": numbers(group[rows]), "labels": drawn})

    return written(part, len(group), _DOUBTFUL_AT_ONCE, plain=("labels",))


def partitions_table(data: bytes) -> PartitionsTable:
    """The draws in `partitions.parquet`.

    Raises:
        TamperedError: it is no such table.
    """
    table = read(data, PARTITIONS)
    found = dict(zip(table.column_names, table.schema.types, strict=True)).get("labels")
    labels = found if isinstance(found, pa.FixedSizeBinaryType) else pa.binary(1)
    wanted = {"agency": pa.string(), "record": pa.string(), "group": pa.int32(), "labels": labels}
    refuse_other_columns(table, wanted, PARTITIONS)
    drawn = as_bytes(table["labels"]).view(np.int8).T if table.num_rows else np.empty((0, 0), np.int8)
    return PartitionsTable(as_texts(table["agency"]), as_texts(table["record"]), table["group"].to_numpy(), drawn)


_DOUBTFUL_AT_ONCE = 1 << 15
_ENDS = PairsTable._fields[:4]
_APART = "apart"
_NUMBERS = {"prior": pa.int64(), "weight": pa.int64(), "same": pa.bool_()}
