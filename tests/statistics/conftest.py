"""Invented records: a builder, the trafficking year 2018, and a slow twin of the counting rules."""

from collections import Counter
from itertools import combinations_with_replacement, product

import pandas as pd
import pytest

from linkage.protocol import ready_protocol
from linkage.statistics.cells import KEY

COLUMNS = (
    *("agency", "record", "person_id", "role", "stage", "event_date", "sex", "age_group"),
    *("region", "article", "form_of_exploitation", "citizenship"),
)


@pytest.fixture(scope="session")
def protocol():
    return ready_protocol("tip")


@pytest.fixture(scope="session")
def records():
    """Rows of text in the order of COLUMNS, cut short where the rest is unknown, as a frame."""

    def build(*rows):
        return pd.DataFrame([(*row, *[""] * (len(COLUMNS) - len(row))) for row in rows], columns=COLUMNS, dtype=object)

    return build


@pytest.fixture(scope="session")
def year_2018(records):
    """31 convicted = 27 F + 4 M and 40 victims = 6 boys + 5 girls + 15 men + 14 women, in far more records that disagree."""
    rows = [*convicted(), *victims()]
    return records(*((agency, f"R{number:04}", *row) for number, (agency, *row) in enumerate(rows)))


def convicted():
    for i in range(31):
        sex, other = ("F", "M") if i < 27 else ("M", "F")
        person = f"O{i:02}"
        yield "court", person, "offender", "CON", f"2018-06-{1 + i % 28:02}", sex, "Y_GE18", "TJ-DU"
        # one against one: the court stands first in the order of trust
        yield "police", person, "offender", "SUS", "2018-02-01", ("", other, sex)[i % 3], ""
        if i % 5 == 0:
            yield "court", person, "offender", "CON", "2018-11-05", "", ""
        if i % 2 == 0:
            yield "prosecutor", person, "offender", "PRO", "2018", sex, "Y_GE18"
        if i % 7 == 0:
            yield "police", person, "offender", "SUS", "2017-12-30", sex, "Y_GE18"
    yield "police", "cleared", "offender", "SUS", "2018-03-03", "M", "Y_GE18"


def victims():
    groups = [("M", "Y0T17")] * 6 + [("F", "Y0T17")] * 5 + [("M", "Y_GE18")] * 15 + [("F", "Y_GE18")] * 14
    for i, (sex, age) in enumerate(groups):
        # the last victim, a woman, is also the first offender
        person = "O00" if i == 39 else f"V{i:02}"
        yield "police", person, "victim", "DET", "2018-04-01", sex, age, "TJ-SU", "130.1", "LAB", "TJK"
        # came of age, or was asked again, later in the year
        yield "ngo", person, "victim", "ASS", "2018-09-01", ("M" if sex == "F" else "F") if i % 3 == 0 else "", "Y_GE18", "TJ-KT"
        yield "migration", person, "victim", "REP", "2018-10-01", sex, "", "TJ-SU"
        if i % 4 == 0:
            yield "police", person, "victim", "DET", "2018-04-02", sex, ""
    yield "ngo", "only helped", "victim", "ASS", "2018-01-01", "F", "Y_GE18"


@pytest.fixture(scope="session")
def key():
    """The key of a cell by the columns that are named; all others are the total."""
    return cell_key


@pytest.fixture(scope="session")
def counted_slowly():
    """The counting rules once more, in plain loops over one person at a time."""
    return count_slowly


SERIOUS = {"130.1": 0, "167": 0, "130.2": 1, "172": 6}
LADDER = ("SUS", "PRO", "ACQ", "CON", "SEN")


def cell_key(table, unit="PERSON", rule="principal", **columns):
    """The key of a cell: what is not named is the total."""
    return tuple({"table": table, "unit": unit, "rule": rule, **columns}.get(name, "_T") for name in KEY)


def count_slowly(rows, order, dimensions):
    cells = Counter()
    last = max((int(row["event_date"][:4]) for row in rows if row["event_date"]), default=0)
    for person in {row["person_id"] for row in rows}:
        own = [row for row in rows if row["person_id"] == person]
        sex = winner(own, "sex", order)
        years = {row["event_date"][:4] or "_U" for row in own} | {"_T"}
        for year, role in product(years, {row["role"] for row in own}):
            life = [row for row in own if row["role"] == role and year in {"_T", row["event_date"][:4] or "_U"}]
            if life:
                cells.update(of_a_life(life, sex, order, dimensions, year=year, role=role))
        for role in {row["role"] for row in own}:
            life = [row for row in own if row["role"] == role]
            cells.update(of_a_cohort(life, sex, last))
            lists = sorted({row["agency"] for row in life})
            pairs = combinations_with_replacement(lists, 2)
            cells.update(cell_key("overlap", role=role, agency=one, other=two) for one, two in pairs)
    return dict(cells)


def of_a_life(life, sex, order, dimensions, **at):
    age = winner(at_first_event(life), "age_group", order)
    settled = {name: winner(life, name, order, SERIOUS if name == "article" else None) for name in dimensions}
    for stage in {row["stage"] for row in life} | {"_T"}:
        for s, a in product({sex, "_T"}, {age, "_T"}):
            group = {**at, "stage": stage, "sex": s, "age_group": a}
            yield cell_key("sex_age", **group)
            for name, value in settled.items():
                yield cell_key(name, **group, **{name: value})
            for name in {"article", "form_of_exploitation"} & set(dimensions):
                for value in {row[name] for row in life if row[name]} or {"_U"}:
                    yield cell_key(name, rule="any", **group, **{name: value})
        if {"region", "article"} <= set(dimensions):
            yield cell_key("cube", **at, stage=stage, sex=sex, region=settled["region"], article=settled["article"])
        yield from (cell_key("sex_age", "RECORD", **at, stage=stage) for row in life if stage in {"_T", row["stage"]})


def of_a_cohort(life, sex, last):
    steps = [(int(row["event_date"][:4]), row["stage"]) for row in life if row["event_date"] and row["stage"] in LADDER]
    entry = min((year for year, stage in steps if stage == "SUS"), default=last + 1)
    for lag in range(min(last - entry, 10) + 1):
        furthest = max((stage for year, stage in steps if entry <= year <= entry + lag), key=LADDER.index)
        for stage, s in product({furthest, "_T"}, {sex, "_T"}):
            yield cell_key("cohort", year=str(entry), lag=str(lag), role=life[0]["role"], stage=stage, sex=s)


def winner(rows, name, order, serious=None):
    votes = Counter(row[name] for row in rows if row[name])
    trust = {value: min(rank(row["agency"], order) for row in rows if row[name] == value) for value in votes}
    lead = {value: (serious or {}).get(value, 8) for value in votes}
    return min(votes, key=lambda value: (lead[value], -votes[value], trust[value], value), default="_U")


def rank(agency, order):
    return order.index(agency) if agency in order else len(order)


def at_first_event(rows):
    known = [row for row in rows if row["age_group"]]
    first = min((row["event_date"].replace("-", "").ljust(8, "9") for row in known), default="")
    return [row for row in known if row["event_date"].replace("-", "").ljust(8, "9") == first]
