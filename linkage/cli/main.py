"""The `headcount` command: puts the roles' commands together and turns errors into exit codes."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import traceback

import typer

from linkage.cli import agency, blocking, check, demo, estimate, evaluate, keys, names, protocol, review, statistics, terminal, unit
from linkage.errors import LinkageError, StorageError

app = typer.Typer(
    name="headcount",
    help="Counts each person once across agencies' lists, without anyone seeing who they are.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.command("demo")(demo.demo)
app.add_typer(protocol.protocol_app, name="protocol")
app.add_typer(keys.keys_app, name="keys")
app.command("check")(check.check)
app.command("seal")(agency.seal)
app.command("inspect")(keys.inspect)
app.command("receive")(unit.receive)
app.command("blocking")(blocking.blocking)
app.command("link")(unit.link)
app.command("explain")(unit.explain)
app.command("persons")(unit.persons)
app.add_typer(unit.export_app, name="export")
app.add_typer(review.review_app, name="review")
app.add_typer(review.audit_app, name="audit")
app.command("report")(statistics.report)
app.command("estimate")(estimate.estimate)
app.add_typer(names.names_app, name="names")
app.command("evaluate")(evaluate.evaluate)


# What a command imports and numba starts with are more objects than this that stay: to look through them time and again for
# some that could be freed, and once more at the end, takes as long as linking a short list.
_NEW_OBJECTS = 50_000


def main() -> None:
    """Run the command line; the exit code tells the family of the error (docs/errors.md)."""
    gc.set_threshold(_NEW_OBJECTS)
    atexit.register(gc.freeze)
    try:
        app()
    except LinkageError as error:
        terminal.complain(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        refused = StorageError(error.strerror or "the operating system refused", file=error.filename)
        terminal.complain(refused)
        sys.exit(refused.exit_code)
    except KeyboardInterrupt:
        terminal.say("headcount: stopped")
        sys.exit(130)
    except Exception as error:
        _report_bug(error)
        sys.exit(LinkageError.exit_code)


def _report_bug(error: Exception) -> None:
    """Say where a bug struck, by module and line only: an exception's own text may quote a person's data."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    terminal.say(f"headcount: internal error {type(error).__name__} in {os.path.basename(frame.filename)}:{frame.lineno}")  # noqa: PTH119
    terminal.say(f"hint: {LinkageError.hint} [{LinkageError.code}]")


if __name__ == "__main__":
    main()
