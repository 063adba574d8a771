"""One tree: a family has one exit code, an error has one stable code, a place and a hint, and a message has no value."""

import ast
from pathlib import Path

import pytest

from linkage import errors
from linkage.errors import Issue, LinkageError, ValidationError

FAMILIES = {
    "UsageError": 2,
    "DataError": 3,
    "BundleError": 4,
    "KeyringError": 5,
    "ModelError": 6,
    "LedgerError": 7,
    "DisclosureError": 8,
    "StorageError": 9,
}


def below(kind):
    return [kind, *(deeper for sub in kind.__subclasses__() for deeper in below(sub))]


def test_the_families_are_those_of_the_design():
    assert {kind.__name__: kind.exit_code for kind in LinkageError.__subclasses__()} == FAMILIES


@pytest.mark.parametrize("family", LinkageError.__subclasses__(), ids=lambda kind: kind.__name__)
def test_a_whole_family_has_one_exit_code_and_its_own_codes(family):
    assert {kind.exit_code for kind in below(family)} == {family.exit_code}
    assert all("code" in vars(kind) for kind in below(family))


def test_every_error_is_in_the_tree_that_the_module_draws():
    drawn = errors.__doc__
    for kind in below(LinkageError):
        assert kind.__name__ in drawn


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ({}, "what"),
        ({"file": "a.csv"}, "a.csv: what"),
        ({"file": "a.csv", "row": 0, "field": "sex"}, "a.csv, row 0, field sex: what"),
        ({"row": 7}, "row 7: what"),
        ({"field": "sex"}, "field sex: what"),
    ],
)
def test_an_error_tells_its_place(place, text):
    assert str(LinkageError("what", **place)) == text


def test_a_hint_is_the_familys_unless_one_is_given():
    assert errors.UsageError("what").hint == errors.UsageError.hint
    assert errors.UsageError("what", hint="do this").hint == "do this"
    assert errors.UsageError.hint == "see --help of the command"


def test_a_validation_error_carries_every_issue():
    issues = [Issue(row, "sex", "sex-unmapped", "words") for row in (3, 2)]
    assert ValidationError("2 issues", issues=issues).issues == tuple(issues)
    assert ValidationError("none").issues == ()


def raised(package):
    """Names that the package raises, and where."""
    for path in sorted((Path(errors.__file__).parents[1] / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
                yield node.exc.func.id, f"{path.name}:{node.lineno}"


def test_what_we_raise_is_of_our_tree_or_a_programming_error():
    ours = {kind.__name__ for kind in below(LinkageError)}
    programming = {"ValueError", "TypeError", "AttributeError"}
    found = list(raised("linkage"))
    assert len(found) > 100
    assert not [where for name, where in found if name[0].isupper() and name not in ours | programming]
