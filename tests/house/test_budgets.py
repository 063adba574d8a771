"""House rules that a machine can count: functions fit a glance, files fit a sitting, names say what they hold."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [path for package in ("linkage", "blocking", "comparators") for path in sorted((ROOT / package).rglob("*.py"))]
DATA_TABLES = {"names_data.py"}
VAGUE = {"utils", "util", "misc", "common", "helpers", "helper", "base", "stuff"}


def functions(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield path, node


def code_lines(node):
    """Lines of a function without its docstring and its signature."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def test_functions_fit_a_glance():
    lengths = sorted(code_lines(node) for path in FILES for _, node in functions(path))
    assert len(lengths) > 200
    assert lengths[len(lengths) // 2] < 10
    assert lengths[int(len(lengths) * 0.9)] <= 20
    assert lengths[-1] <= 60


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_and_well_named_and_begins_with_its_idea(path):
    text = path.read_text("utf-8")
    assert path.stem not in VAGUE
    assert path.name in DATA_TABLES or text.count("\n") <= 500
    assert not text or ast.get_docstring(ast.parse(text)), "a module begins with its idea"
    assert "TODO" not in text
    assert "FIXME" not in text


def test_no_class_inherits_from_ours_but_errors():
    allowed = {"Enum", "NamedTuple", "Protocol", "TypedDict", "StrEnum", "Exception"}
    for path in FILES:
        if path.name == "errors.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases = {
                    base.id if isinstance(base, ast.Name) else base.attr
                    for base in node.bases
                    if isinstance(base, ast.Name | ast.Attribute)
                }
                assert bases <= allowed, f"{path.name}: class {node.name}"
