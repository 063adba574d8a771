import csv
import io
import tomllib
from functools import cache

import numpy as np
import openpyxl
import pytest

from linkage.demo import build
from linkage.demo.lists import draw_records
from linkage.demo.people import draw_people, draw_totals

built = cache(build)


@cache
def drawn(seed):
    """People and records as `build` draws them."""
    rng = np.random.Generator(np.random.PCG64(seed))
    people = draw_people(rng, draw_totals(rng, seed))
    return people, draw_records(rng, people)


def as_text(value):
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:%d.%m.%Y}"


def cells_of(scenario, agency):
    """The file's rows as it was written, header first, all text."""
    data = scenario.files[agency.file]
    if agency.file.endswith(".xlsx"):
        sheet = openpyxl.load_workbook(io.BytesIO(data)).active
        return [[as_text(value) for value in row] for row in sheet.iter_rows(min_row=3, values_only=True)]
    form = tomllib.loads(scenario.files[agency.mapping].decode())["file"]
    return list(csv.reader(io.StringIO(data.decode(form["encoding"])), delimiter=form["delimiter"]))


def rows_of(scenario, agency):
    """Rows under the protocol's names, coded words in codes: what the mapping is for, written a second time."""
    mapping = tomllib.loads(scenario.files[agency.mapping].decode())
    header, *lines = cells_of(scenario, agency)
    for line in lines:
        row = {name: line[header.index(text)] for name, text in mapping["columns"].items()}
        yield {name: mapping["codes"].get(name, {}).get(text, text) for name, text in row.items()} | mapping.get("constants", {})


@pytest.fixture(scope="session")
def scenario():
    return built


@pytest.fixture(scope="session")
def draws():
    return drawn


@pytest.fixture(scope="session")
def cells():
    return cells_of


@pytest.fixture(scope="session")
def rows():
    return rows_of
