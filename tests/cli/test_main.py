"""The command as the shell sees it: exit codes by family, answers to stdout, talk to stderr, a bug without its words."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
import typer.main

from linkage import errors
from linkage.cli import main as module
from linkage.cli import terminal
from linkage.errors import Issue, LinkageError, UsageError, ValidationError

COMMANDS = [
    "demo",
    "check",
    "seal",
    "inspect",
    "receive",
    "link",
    "explain",
    "persons",
    "report",
    "evaluate",
    "protocol",
    "keys",
    "export",
    "review",
    "audit",
]


def below(kind):
    return [kind, *(deeper for sub in kind.__subclasses__() for deeper in below(sub))]


def shell(*words, **environment):
    """A real process."""
    command = [sys.executable, "-m", "linkage.cli.main", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})


@pytest.fixture
def raising(monkeypatch, headcount):
    """`raising(error)`: what the program makes of an error that its commands raise."""

    def run(error):
        def app():
            raise error

        monkeypatch.setattr(module, "app", app)
        return headcount()

    return run


def test_help_names_every_command_and_loads_no_engine():
    watch = "import sys, linkage.cli.main as m\nsys.argv = ['headcount', '--help']\ntry: m.main()\nexcept SystemExit: pass\n"
    watch += "print(sorted({'numba', 'pandas', 'pyarrow', 'pyrage', 'openpyxl'} & set(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", watch], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
    named = [line.split()[0] for line in done.stdout.partition("Commands:")[2].splitlines() if line.strip()]
    assert set(named) >= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name, headcount):
    done = headcount(name, "--help")
    assert (done.code, done.err) == (0, "")
    assert f"headcount {name}" in done.out
    assert len(done.out.splitlines()) > 5


def test_a_process_ends_with_the_exit_code_and_says_why_on_stderr_alone(tmp_path):
    done = shell("protocol", "new", "nonsense", "-o", tmp_path / "p.toml")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines()[0] == "headcount: there is no ready protocol of this name; there are tip, persons, national"
    assert done.stderr.splitlines()[1].startswith("hint: ")
    assert done.stderr.endswith("[schema]\n")
    assert not (tmp_path / "p.toml").exists()


def test_a_process_that_succeeds_answers_on_stdout(tmp_path):
    done = shell("protocol", "new", "tip", "-o", tmp_path / "p.toml")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'p.toml'}\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [[], ["nonsense"], ["link", "--nonsense"], ["link"], ["seal"], ["link", "--threads", "many"]])
def test_a_command_line_that_makes_no_sense_is_a_usage_error(words, headcount):
    assert headcount(*words).code == 2


@pytest.mark.parametrize("kind", below(LinkageError), ids=lambda kind: kind.__name__)
def test_every_error_ends_with_its_familys_exit_code_its_code_word_and_its_hint(kind, raising):
    done = raising(kind("what happened", file="list.csv"))
    assert done.code == kind.exit_code
    assert done.out == ""
    assert done.err == f"headcount: list.csv: what happened\nhint: {kind.hint} [{kind.code}]\n"


@pytest.mark.parametrize(
    "error",
    [
        ValueError("Канарейкина"),
        KeyError("Канарейкина"),
        RecursionError("Канарейкина"),
        AssertionError("Канарейкина"),
        MemoryError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_bug_is_told_by_kind_module_and_line_and_never_by_its_words(error, raising):
    done = raising(error)
    line = next(
        node.lineno
        for node in ast.walk(ast.parse(Path(__file__).read_text("utf-8")))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name) and node.exc.id == "error"
    )
    assert done.code == 70
    assert done.out == ""
    assert done.err.splitlines()[0] == f"headcount: internal error {type(error).__name__} in test_main.py:{line}"
    assert "report it" in done.err
    assert "[internal]" in done.err
    assert "Канарейкина" not in done.err


def test_a_bug_in_a_process_shows_no_traceback(tmp_path):
    words = ["headcount", "protocol", "new", "tip", "-o", str(tmp_path / "x")]
    strike = "import sys, linkage.cli.main as m, linkage.protocol as p\n"
    strike += "def ready_text(name, scheme): raise RuntimeError('Канарейкина ' + name)\n"
    strike += f"p.ready_text, sys.argv = ready_text, {words!r}\nm.main()"
    done = subprocess.run([sys.executable, "-c", strike], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (70, "")
    assert "internal error RuntimeError in <string>:2" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Канарейкина" not in done.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [(KeyboardInterrupt(), 130), (OSError(28, "No space left on device", "W/x"), 9), (PermissionError(13, "Permission denied"), 9)],
)
def test_what_the_system_or_the_user_ends_is_no_bug(error, code, raising):
    done = raising(error)
    assert done.code == code
    assert "bug" not in done.err
    assert not isinstance(error, OSError) or error.strerror in done.err


def test_a_reader_that_goes_away_is_no_error():
    command = f"{sys.executable} -m linkage.cli.main --help | head -1 >/dev/null; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_place_that_cannot_be_written_is_storage(tmp_path, headcount):
    (tmp_path / "file").touch()
    done = headcount("protocol", "new", "tip", "-o", tmp_path / "file" / "p.toml")
    assert (done.code, "[storage]" in done.err) == (9, True)


def test_issues_are_listed_up_to_a_screenful(raising):
    issues = [Issue(row, "sex", "sex-unmapped", "words") for row in range(2, 62)]
    done = raising(ValidationError("60 issues", issues=issues))
    listed = [line for line in done.err.splitlines() if line.startswith("  row ")]
    assert listed[0] == "  row 2, field sex: words [sex-unmapped]"
    assert len(listed) == terminal.SHOWN_ISSUES
    assert f"  and {60 - terminal.SHOWN_ISSUES} more" in done.err


def test_a_files_name_cannot_steer_the_terminal(raising):
    done = raising(UsageError("what", file="a\x1b[31m\x9b2J\r\x7f.csv"))
    assert done.err.splitlines()[0] == "headcount: a[31m2J.csv: what"


def test_answers_in_json_keep_letters_and_order(capsys):
    terminal.answer_json({"b": "Қодир", "a": [1]})
    out = capsys.readouterr().out
    assert json.loads(out) == {"b": "Қодир", "a": [1]}
    assert out.index('"b"') < out.index('"a"')
    assert "Қодир" in out


def test_nothing_prompts_and_no_secret_is_an_option():
    def walk(command):
        yield command
        for sub in getattr(command, "commands", {}).values():
            yield from walk(sub)

    options = [parameter for command in walk(typer.main.get_command(module.app)) for parameter in command.params]
    assert len(options) > 60
    assert not [option.name for option in options if getattr(option, "prompt", None) or getattr(option, "hide_input", False)]
    assert not [option.name for option in options if {"secret", "password", "passphrase"} & set(str(option.name).split("_"))]
    assert not [option.name for option in options if getattr(option, "envvar", None)]


def test_progress_is_silent_where_there_is_no_terminal(capsys):
    with terminal.progress("sealing", 3) as advance:
        advance(1)
    assert capsys.readouterr() == ("", "")


def test_progress_is_shown_on_a_terminal_and_leaves_nothing(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with terminal.progress("sealing list.csv", 3) as advance:
        advance(3)
    shown = capsys.readouterr()
    assert shown.out == ""


def test_exit_codes_are_those_of_the_documents():
    assert sorted({kind.exit_code for kind in below(LinkageError)}) == [2, 3, 4, 5, 6, 7, 8, 9, 70]
    assert errors.LinkageError.exit_code == 70
