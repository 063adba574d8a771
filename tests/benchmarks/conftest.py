"""Benchmarks are run from the repository and never installed: its folder is put on the path here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = str(Path(__file__).parents[2])

if ROOT not in sys.path:
    sys.path.insert(0, ROOT)


@pytest.fixture(scope="session")
def run_suite():
    """`run_suite(suite, file, …)`: the suite at its tiny size in a process of its own, its result in that file."""

    def run(suite, file, *more):
        command = [sys.executable, "-m", f"benchmarks.{suite}", *more, "--small", "--json", str(file)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)

    return run


@pytest.fixture(scope="session")
def finished(run_suite):
    """`finished(suite, folder, …)`: the result of a suite that must succeed, and how its process ended."""

    def finish(suite, folder, *more):
        done = run_suite(suite, folder / f"{suite}.json", *more)
        assert done.returncode == 0, done.stderr
        return json.loads((folder / f"{suite}.json").read_text("utf-8")), done

    return finish
