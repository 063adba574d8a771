"""Names of a whole list are those of each person alone: the same features, whatever stands in which column."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.agency.cells import coded, spelt_out
from linkage.agency.names import person_name
from linkage.agency.names.columns import name_columns
from linkage.agency.names.features import NAME_FEATURES

WRITTEN = (
    "", "Раҳмонов", "Саидова", "Саидзода", "Каримов", "Карими", "Карим", "Карима", "Эмомалӣ", "Шарифӣ", "Али", "А.",
    "Раҳмонович", "Солиевна", "Алишер угли", "Асан кызы", "Муҳаммад Алӣ", "Ҷамшед", "Dzhamshed", "Chodjaev", "ра?монов",
    "неизвестно", "Ибни Сино", "Иванова-Петрова", "Хожаев", "Сардор", "Müller", "王",
)  # fmt: skip
FULL = (
    "",
    "Раҳмонов Ҷамшед Каримович",
    "Муҳаммад Алӣ Раҳмонов",
    "Каримов А.",
    "Асан кызы Айша",
    "Гулнора",
    "Саидзода Карими Раҳмон",
)


def columns(rows):
    for place in range(4):
        values = np.empty(len(rows), dtype=object)
        values[:] = [row[place] for row in rows]
        yield coded(values)


def check(rows):
    found = {name: spelt_out(column()).tolist() for name, column in name_columns(*columns(rows)).items()}
    people = [person_name(*row) for row in rows]
    assert list(found) == list(NAME_FEATURES)
    for name, read in NAME_FEATURES.items():
        assert found[name] == [read(person) for person in people], name


def test_every_three_cells_of_a_list_of_hard_ones():
    check([(*three, "") for three in itertools.product(WRITTEN, repeat=3)])


def test_full_names_are_read_where_no_other_cell_says_anything():
    check([(*three, full) for three in itertools.product(("", "Каримов", "неизвестно"), repeat=3) for full in (*FULL, *WRITTEN)])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.text("абвиоржкҷ ova'-.?", max_size=9)] * 4), min_size=1, max_size=12))
def test_any_letters(rows):
    check(rows)


def test_no_rows_have_no_names():
    assert {len(column().codes) for column in name_columns(*columns([])).values()} == {0}
