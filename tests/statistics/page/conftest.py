"""A publication made by hand: trafficking 2014 to 2018, the last year with the control totals; and its public variant."""

from html.parser import HTMLParser
from itertools import product

import pandas as pd
import pytest

from linkage.protocol import ready_protocol
from linkage.statistics.cells import KEY, MEASURES, Publication

YEARS = ("2014", "2015", "2016", "2017", "2018")
GROUPS = (("M", "Y0T17"), ("F", "Y0T17"), ("M", "Y_GE18"), ("F", "Y_GE18"))
# boys, girls, men, women of each year
COUNTS = {
    ("victim", "DET"): ((3, 6, 9, 21), (4, 7, 12, 26), (2, 9, 11, 19), (7, 5, 18, 22), (6, 5, 15, 14)),
    ("victim", "ASS"): ((2, 4, 6, 15), (3, 6, 8, 21), (2, 7, 9, 15), (5, 4, 13, 17), (5, 4, 12, 13)),
    ("victim", "REP"): ((0, 1, 2, 8), (1, 2, 4, 11), (0, 3, 4, 9), (2, 2, 7, 8), (1, 2, 6, 5)),
    ("offender", "SUS"): ((0, 0, 21, 24), (0, 1, 18, 30), (0, 0, 26, 35), (1, 0, 19, 33), (0, 0, 16, 39)),
    ("offender", "PRO"): ((0, 0, 14, 19), (0, 0, 13, 22), (0, 0, 18, 29), (0, 0, 12, 28), (0, 0, 9, 33)),
    ("offender", "CON"): ((0, 0, 9, 14), (0, 0, 8, 17), (0, 0, 11, 20), (0, 0, 7, 23), (0, 0, 4, 27)),
}
COUNTS["victim", "_T"] = tuple((boys, girls, men + 1, women + 2) for boys, girls, men, women in COUNTS["victim", "DET"])
COUNTS["offender", "_T"] = tuple((boys, girls, men, women + 1) for boys, girls, men, women in COUNTS["offender", "SUS"])
SHARES = {
    "region": {"TJ-DU": 9, "TJ-GB": 1, "TJ-KT": 11, "TJ-RA": 6, "TJ-SU": 8, "_U": 2},
    "article": {"130.1": 16, "132": 4, "167": 7, "_U": 1},
    "form_of_exploitation": {"SEX": 12, "LAB": 9, "BEG": 2, "MAR": 3, "_U": 3},
    "citizenship": {"TJK": 30, "UZB": 3, "KGZ": 2, "_U": 1},
}
LISTS = {
    "victim": {"police": 98, "prosecutor": 71, "migration": 52, "ngo": 134, "ombudsperson": 12},
    "offender": {"police": 257, "prosecutor": 197, "court": 140, "migration": 6},
}


def cell(table, count, spread=0, **key):
    return {
        "unit": "PERSON",
        "table": table,
        **key,
        "count": count,
        "low": max(count - spread, 0),
        "high": count + spread + spread // 2,
    }


def spread_of(year, count):
    """Nothing in the last year but one; more for larger counts."""
    return 0 if year == "2017" else count // 12


def sex_by_age():
    for (role, stage), years in COUNTS.items():
        everyone = [0] * 4
        for year, groups in zip(YEARS, years, strict=True):
            yield from crossed(role, stage, year, groups)
            everyone = [one + more for one, more in zip(everyone, groups, strict=True)]
        # some were seen in two years
        yield from crossed(role, stage, "_T", [one - one // 9 for one in everyone])


def crossed(role, stage, year, groups):
    persons = {(sex, age): count for (sex, age), count in zip(GROUPS, groups, strict=True) if count}
    if (role, stage, year) == ("victim", "ASS", "2016"):
        persons["_U", "Y_GE18"], persons["F", "_U"] = 2, 1
    for sex, age in product(("F", "M", "_U", "_T"), ("Y0T17", "Y_GE18", "_U", "_T")):
        count = sum(n for (s, a), n in persons.items() if sex in {s, "_T"} and age in {a, "_T"})
        if count:
            yield cell("sex_age", count, spread_of(year, count), role=role, stage=stage, year=year, sex=sex, age_group=age)
    total = sum(persons.values())
    yield cell("sex_age", total + total // 3, role=role, stage=stage, year=year, unit="RECORD") | {"low": -1, "high": -1}


def by_dimension(totals):
    for (role, stage, year), total in totals.items():
        for name, shares in SHARES.items():
            left = total
            for value, share in shares.items():
                count = left if value == "_U" else min(left, round(total * share / sum(shares.values())))
                left -= count
                for rule in ("principal", "any") if name in {"article", "form_of_exploitation"} else ("principal",):
                    more = count + (count // 6 if rule == "any" else 0)
                    if more:
                        of = {"role": role, "stage": stage, "year": year, "rule": rule, name: value}
                        yield cell(name, more, spread_of(year, more), **of)


def cohorts():
    for place, year in enumerate(YEARS):
        total = sum(COUNTS["offender", "SUS"][place]) - 2
        for lag in range(len(YEARS) - place):
            convicted = total * min(60, 12 + 16 * lag) // 100
            prosecuted = (total - convicted) * min(70, 35 + 10 * lag) // 100
            stages = {"CON": convicted, "PRO": prosecuted, "SUS": total - convicted - prosecuted, "_T": total}
            for stage, count in stages.items():
                yield cell("cohort", count, count // 15, role="offender", year=year, lag=str(lag), stage=stage)


def overlaps():
    for role, lists in LISTS.items():
        names = sorted(lists)
        for place, one in enumerate(names):
            yield cell("overlap", lists[one], 0, role=role, agency=one, other=one)
            for two in names[place + 1 :]:
                both = min(lists[one], lists[two]) * (3 + len(one) % 4) // 10
                yield cell("overlap", both, both // 20, role=role, agency=one, other=two)


def frame(rows):
    full = [{**dict.fromkeys(KEY, "_T"), "hidden": "", **row} for row in rows]
    cells = pd.DataFrame(full, columns=[*KEY, *MEASURES, "hidden"])
    return cells.sort_values(KEY, ignore_index=True)


def everything():
    by_group = list(sex_by_age())
    totals = {
        (row["role"], row["stage"], row["year"]): row["count"]
        for row in by_group
        if row["unit"] == "PERSON" and {row["sex"], row["age_group"]} == {"_T"}
    }
    return frame([*by_group, *by_dimension(totals), *cohorts(), *overlaps()])


SOURCES = {
    **{(year, "victim", stage): ("migration", "ngo", "police") for year in (*YEARS, "_T") for stage in ("DET", "ASS", "REP", "_T")},
    **{(year, "offender", "SUS"): ("police",) for year in (*YEARS, "_T")},
    **{(year, "offender", "PRO"): ("police", "prosecutor") for year in (*YEARS, "_T")},
    **{(year, "offender", "CON"): ("court", "prosecutor") for year in (*YEARS, "_T")},
    **{(year, "offender", "_T"): ("court", "police", "prosecutor") for year in (*YEARS, "_T")},
}
ORIGIN = {
    "release": "2018-1",
    "run": "3f9c2a7be1d04586",
    "persons_digest": "9b74c9897bac770ffc029102a200c5de5f1d1f3c6c8e1a3b1f6b6c2d9e0a7f11",
    "bundles": [
        {"agency": "police", "period": "2014-2018", "sequence": 3, "bundle": "c0ffee"},
        {"agency": "ngo", "period": "2014-2018", "sequence": 1, "bundle": "beef"},
    ],
}
QUALITY = {
    "method": {"clustering": "average", "threshold_permille": 500},
    "linkage": {"records": 14120, "estimated_precision_permille": 987, "estimated_recall_permille": 954},
    "missing": [{"name": "event_date", "missing_permille": 12}, {"name": "region", "missing_permille": 61}],
    "lists": [
        {"name": "police", "role": "victim", "records": 121, "persons": 98, "records_per_hundred_persons": 123},
        {"name": "ngo", "role": "victim", "records": 180, "persons": 134, "records_per_hundred_persons": 134},
    ],
    "linked": [
        {"name": "sex", "value": "F", "records": 640, "linked_permille": 702},
        {"name": "region", "value": "TJ-SU", "records": 131, "linked_permille": 655},
    ],
    "own section": [{"name": "own measure", "value": [0.004, 0.013], "note": "95 % interval, from clerical review"}],
    "drift": [],
}
REVISION = {
    "reasons": [{"name": "new_records", "value": 12}, {"name": "newly_merged", "value": -3}, {"name": "newly_split", "value": 1}]
}


@pytest.fixture(scope="session")
def protocol():
    return ready_protocol("tip")


@pytest.fixture(scope="session")
def restricted(protocol):
    return Publication(protocol, "restricted", everything(), SOURCES, ORIGIN, QUALITY, REVISION)


def is_small(cells):
    """What a careless rule would hide, here to have something hidden: below 5, with the total's other part."""
    persons = cells["unit"] == "PERSON"
    small = persons & (cells["count"] < 5) & (cells["count"] > 0)
    beside = (
        persons
        & (cells["table"] == "sex_age")
        & (cells["role"] == "offender")
        & (cells["stage"] == "CON")
        & (cells["year"] == "2018")
    )
    beside &= (cells["sex"] != "_T") | (cells["age_group"] != "_T")
    whole = persons & (cells["table"] == "sex_age") & (cells["stage"] == "REP") & (cells["year"] == "2016")
    return small | whole, beside & ~small


def hide(publication, filled=(-1, -1, -1), why=("primary", "secondary")):
    """The public variant; `filled` is what stands in the measures of a hidden cell."""
    cells = publication.cells.copy()
    for chosen, reason in zip(is_small(cells), why, strict=True):
        cells.loc[chosen, MEASURES] = filled
        cells.loc[chosen, "hidden"] = reason
    return Publication(publication.protocol, "public", cells, publication.sources, publication.origin, publication.quality)


@pytest.fixture(scope="session")
def public(restricted):
    return hide(restricted)


@pytest.fixture(scope="session")
def hidden_as(restricted):
    return lambda filled, why: hide(restricted, filled, why)


class Reader(HTMLParser):
    """A page, read back: its tables by id, headings, elements with their attributes, and its text."""

    def __init__(self, page):
        super().__init__()
        self.tables, self.headings, self.elements, self.style = {}, [], [], ""
        self._at, self._table, self._row, self._cell = [], None, None, None
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.elements.append((tag, attrs))
        self._at.append(tag)
        if tag == "caption":
            self._table = self.tables.setdefault(attrs["id"], {"caption": "", "heads": [], "rows": [], "notes": []})
            self._group = ""
        elif tag == "tr":
            self._row = []
        elif tag in {"th", "td"}:
            self._cell = ""
            self._scope = attrs.get("scope")
        elif tag == "span" and attrs.get("class") == "interval":
            self._cell += "|"
        elif tag in {"h1", "h2", "h3"}:
            self.headings.append((int(tag[1]), ""))

    def handle_endtag(self, tag):
        while self._at and self._at.pop() != tag:
            pass
        if tag in {"th", "td"} and self._row is not None:
            if self._scope == "rowgroup":
                self._group = self._cell.strip()
            self._row.append(self._cell.strip())
        elif tag == "tr":
            if "thead" in self._at:
                self._table["heads"] = self._row
            elif len(self._row) > 1:
                self._table["rows"].append((self._group, self._row[0], self._row[1:]))
            self._row = None

    def handle_data(self, data):
        if "style" in self._at:
            self.style += data
        elif "caption" in self._at:
            self._table["caption"] += data
        elif self._row is not None and self._cell is not None:
            self._cell += data
        elif self._at and self._at[-1] in {"h1", "h2", "h3"}:
            self.headings[-1] = (self.headings[-1][0], self.headings[-1][1] + data)
        elif self._at and self._at[-1] == "li" and self._table is not None:
            self._table["notes"].append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]

    def ids(self):
        return [attrs["id"] for _, attrs in self.elements if "id" in attrs]


@pytest.fixture(scope="session")
def read():
    return Reader
