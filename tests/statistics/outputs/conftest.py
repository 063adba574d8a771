"""Publications to be shown: the year 2018 exact and guarded, and a longer one with everything that an output may meet."""

import pytest

from linkage.statistics.cells import NOT_STATED, PRIMARY, SECONDARY, SHOWN, Publication
from linkage.statistics.counts import count, sources

ORIGIN = {"run": "run-1", "date": "2026-11-26"}
QUALITY = {
    "method": {"clustering": "average", "threshold_permille": 500},
    "missing": [{"name": "citizenship", "missing_permille": 45}],
    "coverage": [{"name": "police", "role": "victim", "records": 50, "persons": 40}],
    "linked": [{"name": "sex", "value": "F", "records": 19, "linked_permille": 900}],
}
REVISION = {"totals": [{"year": "2018", "role": "offender", "stage": "CON", "before": 30, "merged": -1, "new": 2, "after": 31}]}


@pytest.fixture(scope="session")
def publish(protocol):
    """A publication of records; in the public tier small counts of persons are hidden, and every 31st other cell."""

    def build(frame, tier="restricted", *, of=protocol, intervals=True):
        cells = count(frame, of)
        if intervals:
            persons = cells["unit"] == "PERSON"
            cells["low"] = (cells["count"] - cells["count"] // 10).where(persons, NOT_STATED)
            cells["high"] = (cells["count"] + cells["count"] // 20).where(persons, NOT_STATED)
        if tier == "public":
            small = (cells["count"] < 5) & (cells["unit"] == "PERSON")
            second = ~small & (cells.index % 31 == 0)
            cells["hidden"] = small.map({True: PRIMARY, False: SHOWN}).mask(second, SECONDARY)
            # as a careless disclosure control might: the values are still there, and no output may let them through
        return Publication(of, tier, cells, sources(frame, of), ORIGIN, QUALITY, REVISION)

    return build


@pytest.fixture(scope="session")
def exact(publish, year_2018):
    return publish(year_2018, intervals=False)


@pytest.fixture(scope="session")
def guarded(publish, year_2018):
    return publish(year_2018, "public")


@pytest.fixture(scope="session")
def several(publish, records):
    """Seven years, unknown years and values, several articles and forms, a break in series."""
    regions = ("TJ-DU", "TJ-RA", "TJ-SU", "")
    rows = []
    for i in range(240):
        person, year = f"P{i % 90}", 2016 + i % 7
        role, stage, agency = (
            ("victim", ("DET", "ASS", "REP")[i % 3], ("police", "ngo", "migration")[i % 3]),
            ("offender", ("SUS", "PRO", "CON")[i % 3], ("police", "prosecutor", "court")[i % 3]),
        )[person < "P5"]
        when = "" if i % 41 == 0 else f"{year}-0{1 + i % 9}-01"
        more = (("130.1", "132", "")[i // 3 % 3], ("LAB", "SEX", "MIX", "")[i % 4], ("TJK", "UZB", "XXA", "")[i % 4])
        who = ("FM"[i % 2] if i % 11 else "", ("Y_GE18", "Y0T17", "")[i // 3 % 3], regions[i % 4])
        rows.append((agency, f"R{i}", person, role, stage, when, *who, *more))
    return publish(records(*rows))
