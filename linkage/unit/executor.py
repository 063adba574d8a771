"""Where parts of a job are worked out and kept: the narrow interface between a job and the machines that it runs on.

A job is cut into parts that need nothing of each other. A *kernel* turns one part into an Arrow batch; it is known by its
name and taken from this program, so that no code ever travels. An *executor* runs a kernel over parts and gives the batches
back in their order, each when it is asked for. Two come with the package: one keeps all batches in memory; one writes each
to a file as soon as it is made and reads it back when it is needed, so that the parts may be larger than the memory
together, and a job that was stopped goes on where it stood.

What does not depend on how many parts there were or where they ran is the caller's duty; the tests hold it to that.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

import pyarrow as pa

from linkage.files import PRIVATE, digest_of_file, make_private_directory, write_atomically, write_digested

Kernel = Callable[[int, int], Any]
# Told the stage, how many of its parts are done, and of how many; a stage begins with none done.
Report = Callable[[str, int, int], None]
MEMORY = 8 << 30


class Range(NamedTuple):
    """One part: the records from `first` up to `last`.

    Attributes:
        first, last: record indices, half open.
    """

    first: int
    last: int


class Executor(Protocol):
    """Runs a kernel over parts."""

    def run(self, name: str, kernels: Mapping[str, Kernel], parts: Sequence[Range], report: Report = ...) -> Sequence[Any]:
        """The Arrow batch of each part, in order; a batch may be read anew each time it is asked for.

        One part is worked out at a time: threads are inside the kernels, and memory is for one part.

        Args:
            name: of the kernel.
            kernels: those that the job has.
            parts: what it is run over.
            report: told how far it is.
        """
        ...


def no_report(_stage: str, _done: int, _all: int) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class Means:
    """By what means a job is done: nothing of it changes a result.

    Attributes:
        executor: where its parts are worked out and kept.
        memory: bytes that it should stay within; it decides how many parts there are.
        report: told of every stage.
    """

    executor: Executor
    memory: int = MEMORY
    report: Report = no_report


@dataclass(frozen=True)
class InMemory:
    """Keeps every batch in memory."""

    def run(self, name: str, kernels: Mapping[str, Kernel], parts: Sequence[Range], report: Report = no_report) -> Sequence[Any]:
        """See `Executor`."""
        return list(_told(name, len(parts), (kernels[name](*part) for part in parts), report))


@dataclass(frozen=True)
class OnDisk:
    """Writes every batch to a file of its own, and takes over those that an earlier, stopped run of the same job left.

    Attributes:
        folder: private to the job: whoever gives the same folder says that the job is the same.
    """

    folder: Path

    def run(self, name: str, kernels: Mapping[str, Kernel], parts: Sequence[Range], report: Report = no_report) -> Sequence[Any]:
        """See `Executor`."""
        make_private_directory(self.folder)
        files = (self._made(name, kernels[name], part) for part in parts)
        return _Files(list(_told(name, len(parts), files, report)))

    def _made(self, name: str, kernel: Kernel, part: Range) -> Path:
        file = self.folder / f"{name}-{part.first}-{part.last}.arrow"
        if not _whole(file):
            digest = write_digested(file, functools.partial(_write, kernel(*part)), mode=PRIVATE)
            write_atomically(_digest_file(file), digest.encode(), mode=PRIVATE)
        return file


class _Files(Sequence[Any]):
    """Batches that lie where they were written, and take memory only while they are looked at."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, place: Any) -> Any:
        with pa.memory_map(str(self._files[place])) as file, pa.ipc.open_stream(file) as stream:
            return stream.read_next_batch()


def _told(name: str, several: int, results: Iterator[Any], report: Report) -> Iterator[Any]:
    report(name, 0, several)
    for done, result in enumerate(results, 1):
        report(name, done, several)
        yield result


def _write(batch: Any, out: IO[bytes]) -> None:
    with pa.ipc.new_stream(out, batch.schema) as stream:
        stream.write_batch(batch)


def _digest_file(file: Path) -> Path:
    return file.with_suffix(".sha256")


def _whole(file: Path) -> bool:
    """Whether a part is there as it was written; one that was cut short or changed is made anew."""
    try:
        return _digest_file(file).read_bytes() == digest_of_file(file).encode()
    except OSError:
        return False


IN_MEMORY = Means(InMemory())
