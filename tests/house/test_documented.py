"""What we promise in the documents is what the program does: errors, issue codes, commands and options."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from linkage import errors
from linkage.agency.validate import ISSUE_CODES
from linkage.cli.main import app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def tree(kind=errors.LinkageError):
    return [kind, *(deeper for sub in kind.__subclasses__() for deeper in tree(sub))]


def commands(command, words=()):
    if hasattr(command, "commands"):
        for name, sub in command.commands.items():
            yield from commands(sub, (*words, name))
    else:
        yield words, command


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("kind", tree(), ids=lambda kind: kind.__name__)
def test_every_error_is_documented_with_its_code_exit_and_hint(kind):
    text = (DOCS / "errors.md").read_text("utf-8")
    assert f"`{kind.code}`" in text
    assert kind.hint.strip()
    row = next(line for line in text.splitlines() if line.startswith(f"| `{kind.code}`"))
    assert f"| {kind.exit_code} |" in row


def test_error_codes_are_unique():
    codes = [kind.code for kind in tree()]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("code", sorted(ISSUE_CODES))
def test_every_row_issue_is_documented(code):
    assert f"`{code}`" in (DOCS / "errors.md").read_text("utf-8")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_and_option_has_help_and_stands_in_the_documents(words):
    command = COMMANDS[words]
    assert command.help
    assert f"headcount {' '.join(words)}" in (DOCS / "cli.md").read_text("utf-8")
    for parameter in command.params:
        if parameter.name != "help":
            assert getattr(parameter, "help", None), f"{' '.join(words)}: {parameter.name} has no help"


def test_the_command_reference_is_what_the_program_says():
    made = subprocess.run([sys.executable, "-m", "tests.house.cli_reference"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert made.stdout == (DOCS / "cli.md").read_text("utf-8"), "run: python -m tests.house.cli_reference > docs/cli.md"
