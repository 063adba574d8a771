import ast
import sys
from pathlib import Path

import pytest

from benchmarks.baselines.install import REQUIREMENTS
from benchmarks.baselines.lent import lend
from benchmarks.baselines.run import HERE, packages_of, python_of

OURS = {"linkage", "blocking", "comparators", "benchmarks"}
SCRIPTS = ["clk.py", "dice.py", "ecm.py", "goldenmatch_zero.py", "splink_duckdb.py"]


def imported(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_of_a_peer_runs_under_its_python_and_so_imports_nothing_of_ours(script):
    assert {"json", "sys"} <= set(imported(HERE / script))
    assert not OURS & set(imported(HERE / script))


def test_what_the_scripts_share_needs_nothing_but_python_itself():
    assert set(imported(HERE / "peak.py")) <= sys.stdlib_module_names


@pytest.mark.parametrize("script", SCRIPTS)
def test_no_script_is_called_like_the_program_that_it_imports(script):
    assert script.removesuffix(".py") not in set(imported(HERE / script))


@pytest.mark.parametrize("peer", REQUIREMENTS)
def test_a_peer_is_found_where_its_environment_is_and_nowhere_else(peer, tmp_path):
    assert python_of(None, peer) is None
    assert python_of(tmp_path, peer) is None
    python = Path(tmp_path / peer / "bin" / "python")
    python.parent.mkdir(parents=True)
    python.touch()
    assert python_of(tmp_path, peer) == python


def test_the_packages_of_a_peer_are_lent_where_they_are_and_after_our_own(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = list(sys.path)
    assert not lend(None, "faiss")
    assert not lend(tmp_path, "faiss")
    assert sys.path == before
    packages = tmp_path / "faiss" / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    packages.mkdir(parents=True)
    assert packages_of(tmp_path, "faiss") == packages
    assert lend(tmp_path, "faiss")
    assert lend(tmp_path, "faiss")
    assert sys.path == [*before, str(packages)]


def test_what_was_measured_can_be_installed_again():
    assert all(any("==" in requirement for requirement in requirements) for requirements in REQUIREMENTS.values())
