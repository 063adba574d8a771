"""The wall and the layers, read from the source: who may import whom."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("linkage", "blocking", "comparators")

# A part may import itself and what stands beside it here; docs/decisions/0002 says why blocking may use comparators.
BOTTOM = {"linkage.errors", "linkage.canonical", "linkage.files", "linkage.version"}
AGREED = {*BOTTOM, "linkage.schema", "linkage.protocol"}
ENCODED = {*AGREED, "linkage.encoding"}
ARROWS = {
    "comparators": set(),
    "blocking": {"comparators"},
    "linkage.errors": set(),
    "linkage.version": set(),
    "linkage.canonical": {"linkage.errors"},
    "linkage.files": {"linkage.errors"},
    "linkage.stored": set(),
    "linkage.records": {"linkage.errors", "linkage.stored", "comparators"},
    "linkage.schema": {"linkage.errors"},
    "linkage.encoding": set(),
    "linkage.protocol_rules": {"linkage.encoding", "linkage.schema", "linkage.protocol"},
    "linkage.protocol": {
        "linkage.encoding",
        "linkage.coincidence",
        "linkage.protocol_rules",
        "linkage.schema",
        "linkage.canonical",
        "linkage.errors",
    },
    "linkage.coincidence": {"linkage.encoding"},
    "linkage.schemes": {"linkage.encoding"},
    "linkage.sha256": {"comparators"},
    "linkage.protocol_lint": {"linkage.encoding", "linkage.protocol", "linkage.schema", "linkage.coincidence", "linkage.schemes"},
    "linkage.bundle": {*AGREED, "linkage.stored"},
    "linkage.agency": {*ENCODED, "linkage.bundle", "linkage.sha256", "comparators"},
    "linkage.unit": {*ENCODED, "linkage.records", "linkage.bundle", "linkage.sha256", "comparators", "blocking"},
    "linkage.review": {*AGREED, "linkage.records", "linkage.unit"},
    "linkage.statistics": {*AGREED, "linkage.bundle", "linkage.unit.workspace", "linkage.unit.persons"},
    "linkage.demo": {"linkage.errors", "linkage.schema"},
    "linkage.evaluation": {"linkage.errors", "linkage.schema"},
    "linkage.memory": {*AGREED, "linkage.records", "linkage.agency", "linkage.unit"},
}
ONLY_IN = {
    "pandas": ("linkage.agency.extract", "linkage.statistics", "linkage.evaluation", "linkage.memory", "linkage.cli"),
    "cryptography": ("linkage.bundle", "linkage.agency.keys"),
    "pyrage": ("linkage.bundle", "linkage.agency.keys"),
    "sqlite3": ("linkage.unit.ledger",),
    "typer": ("linkage.cli",),
    "rich": ("linkage.cli",),
    "numba": (
        "comparators",
        "blocking",
        "linkage.sha256",
        *(f"linkage.agency.{name}" for name in ("apart", "keccak", "lookup", "masks")),
        *(f"linkage.unit.{name}" for name in ("agglomerate", "certainty", "cluster", "draw", "estimate", "groups")),
        *(f"linkage.unit.{name}" for name in ("missing", "partition", "shown")),
        "linkage.cli",
    ),
    "pickle": (),
    "random": (),
}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("time", "time"), ("time", "time_ns")}


def modules():
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield name, ast.parse(path.read_text("utf-8"), str(path))


MODULES = dict(modules())


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else node.module


def within(name, part):
    return name == part or name.startswith(part + ".")


def test_there_is_something_to_check():
    assert len(MODULES) > 40
    assert any(within(name, "linkage.unit") for name in MODULES)


@pytest.mark.parametrize("part", ARROWS)
def test_a_part_imports_only_what_its_arrows_allow(part):
    foreign = [
        f"{name} imports {imported}"
        for name, tree in MODULES.items()
        if within(name, part)
        for imported in imports(tree)
        if imported.split(".")[0] in PACKAGES
        and not within(imported, part)
        and not any(within(imported, allowed) for allowed in ARROWS[part])
    ]
    assert not foreign


def test_every_module_belongs_to_a_part():
    loose = [name for name in MODULES if name != "linkage" and not any(within(name, part) for part in (*ARROWS, "linkage.cli"))]
    assert not loose


def test_agency_and_unit_never_meet_below_the_command_line_and_the_notebook():
    for one, other in (("linkage.agency", "linkage.unit"), ("linkage.unit", "linkage.agency")):
        reached, frontier = set(), [name for name in MODULES if within(name, one)]
        while frontier:
            name = frontier.pop()
            if name not in reached and name in MODULES:
                reached.add(name)
                frontier += [imported for imported in imports(MODULES[name]) if imported.split(".")[0] in PACKAGES]
        assert not [name for name in reached if within(name, other)]


def test_nothing_imports_the_command_line():
    assert not [
        name
        for name, tree in MODULES.items()
        if not within(name, "linkage.cli")
        for used in imports(tree)
        if within(used, "linkage.cli")
    ]


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_stays_where_it_belongs(library):
    users = [name for name, tree in MODULES.items() for used in imports(tree) if within(used, library)]
    assert not [name for name in users if not any(within(name, home) for home in ONLY_IN[library])]


def test_business_logic_never_reads_the_clock():
    calls = [
        (name, node.lineno)
        for name, tree in MODULES.items()
        if not within(name, "linkage.cli")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr) in CLOCKS
    ]
    assert not calls


@pytest.mark.parametrize("package", ["linkage", "blocking", "comparators"])
def test_exported_names_exist_and_are_sorted(package):
    module = __import__(package)
    assert list(module.__all__) == sorted(module.__all__, key=lambda name: (not name.isupper(), name))
    assert all(hasattr(module, name) for name in module.__all__)
