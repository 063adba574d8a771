"""How the program talks: answers to stdout, talk to stderr, small letters, no full stop, a hint with every refusal.

Nothing here prompts, nothing reads a configuration file, and colour and progress bars appear only on a terminal.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer

from linkage.errors import LinkageError, ValidationError

SHOWN_ISSUES = 50
_CONTROLS = {code: None for code in (*range(32), *range(127, 160)) if code not in (9, 10)}


def say(text: str) -> None:
    """Talk: one line to stderr."""
    typer.echo(printable(text), err=True)


def answer(text: str) -> None:
    """Data: to stdout."""
    typer.echo(printable(text))


def answer_json(value: Any) -> None:
    """Data as JSON: to stdout, keys in the order given."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))


def printable(text: str) -> str:
    """Text without control characters, so that a file's name cannot steer the terminal."""
    return text.translate(_CONTROLS)


def complain(error: LinkageError) -> None:
    """One error as a person reads it: what happened, its code, what to try."""
    say(f"headcount: {error}")
    if isinstance(error, ValidationError):
        for issue in error.issues[:SHOWN_ISSUES]:
            say(f"  row {issue.row}, field {issue.field}: {issue.message} [{issue.code}]")
        if len(error.issues) > SHOWN_ISSUES:
            say(f"  and {len(error.issues) - SHOWN_ISSUES} more")
    say(f"hint: {error.hint} [{error.code}]")


@contextmanager
def progress(title: str, total: int) -> Iterator[Any]:
    """A progress bar on a terminal, silence elsewhere; yields `advance(n)`."""
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda done: bar.advance(task, done)


@contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """The running stage on a terminal, silence elsewhere; yields `show(stage, done, parts)`."""
    if not sys.stderr.isatty():
        yield lambda _stage, _done, _parts: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1, rate="")

        def show(stage: str, done: int, parts: int) -> None:
            if done == 0:
                bar.reset(task, description=stage, total=parts, rate="")
            speed = bar.tasks[0].speed
            bar.update(task, completed=done, rate=f"{speed:.2f} parts/s" if speed else "")

        yield show
