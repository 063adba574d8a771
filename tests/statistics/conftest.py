"""Invented records: a builder, the trafficking year 2018, and a slow twin of the counting rules."""

from collections import Counter
from itertools import product

import pandas as pd
import pytest

from linkage.protocol import ready_protocol

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
def counted_slowly():
    """The counting rules once more, in plain loops over one person at a time."""
    return count_slowly


def count_slowly(rows, order, dimensions):
    cells = Counter()
    everyone = {row["person_id"] for row in rows}
    for person in everyone:
        own = [row for row in rows if row["person_id"] == person]
        sex = winner(own, "sex", order)
        years = {row["event_date"][:4] or "_U" for row in own} | {"_T"}
        for year, role in product(years, {row["role"] for row in own}):
            life = [row for row in own if row["role"] == role and year in {"_T", row["event_date"][:4] or "_U"}]
            age = winner(at_first_event(life), "age_group", order)
            for stage in ({row["stage"] for row in life} | {"_T"}) if life else ():
                for s, a in product({sex, "_T"}, {age, "_T"}):
                    cells["sex_age", year, role, stage, s, a, "_T", "PERSON"] += 1
                for name in dimensions:
                    cells[name, year, role, stage, "_T", "_T", winner(life, name, order), "PERSON"] += 1
                records = sum(stage in {"_T", row["stage"]} for row in life)
                cells["sex_age", year, role, stage, "_T", "_T", "_T", "RECORD"] += records
    return dict(cells)


def winner(rows, name, order):
    votes = Counter(row[name] for row in rows if row[name])
    trust = {value: min(rank(row["agency"], order) for row in rows if row[name] == value) for value in votes}
    return min(votes, key=lambda value: (-votes[value], trust[value], value), default="_U")


def rank(agency, order):
    return order.index(agency) if agency in order else len(order)


def at_first_event(rows):
    known = [row for row in rows if row["age_group"]]
    first = min((row["event_date"].replace("-", "").ljust(8, "9") for row in known), default="")
    return [row for row in known if row["event_date"].replace("-", "").ljust(8, "9") == first]
