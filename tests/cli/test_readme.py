"""The README shows what the program prints, to the letter."""

from pathlib import Path

from typer.testing import CliRunner

from linkage.cli.main import app

README = Path(__file__).parents[2] / "README.md"


def test_the_demo_prints_what_the_readme_shows(tmp_path):
    shown = next(block for block in README.read_text("utf-8").split("```") if "Unique persons, 2018" in block)
    done = CliRunner().invoke(app, ["demo", str(tmp_path / "demo")])
    assert done.exit_code == 0
    printed = [line.rstrip() for line in done.stdout.splitlines()]
    assert "\n".join(printed).strip() == shown.strip()


def test_ci_calls_the_readmes_test_command():
    command = "pip install -e '.[test]' && pytest"
    assert command in README.read_text("utf-8")
    assert command.replace("pip install", "pip install --quiet") in (README.parent / ".ci" / "run").read_text("utf-8")
