"""The control totals of 2018 in every file of a release, read back from the files; and in the public tier, what is not there."""

import csv
import hashlib
import io
import json
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import openpyxl
import pytest

from linkage.statistics.report import Job, report

LANGUAGES = ("en", "ru", "tg")
# Convicted in all, women, men; victims detected: boys, girls, men, women, in all.
CONVICTED, DETECTED = ("31", "27", "4"), ("6", "5", "15", "14", "40")
GROUPS = (("M", "Y0T17"), ("F", "Y0T17"), ("M", "Y_GE18"), ("F", "Y_GE18"), ("_T", "_T"))


@pytest.fixture(scope="module")
def job(year_2018, protocol):
    content = [
        (agency, {name: rows[name].to_numpy(object) for name in ("record", *protocol.content)})
        for agency, rows in year_2018.groupby("agency")
    ]
    persons = year_2018[["agency", "record", "person_id"]]
    origin = {"run": "r1", "date": "2019-02-01", "bundles": []}
    return Job(content, persons, protocol, "restricted", origin, languages=LANGUAGES)


@pytest.fixture(scope="module")
def restricted(job):
    return report(job)


@pytest.fixture(scope="module")
def public(job):
    return report(replace(job, tier="public"))


def rows_of(data, skip=0):
    return list(csv.DictReader(io.StringIO("\n".join(data.decode().splitlines()[skip:]))))


def tidy(files):
    """From a file with a row for each count, either of the two."""
    for name, year in (("persons.csv", "2018"), ("sdmx.csv", "2018")):
        for row in rows_of(files[name]):
            if "SEX_AGE" in row.get("DATAFLOW", row.get("STRUCTURE_ID", "")) and row["TIME_PERIOD"] == year:
                yield name, (row["ROLE"].lower(), row["STAGE"], row["SEX"], row["AGE"], row["COUNT_UNIT"]), row


def by_key(files, name, column="OBS_VALUE"):
    return {key: row[column] for of, key, row in tidy(files) if of == name}


@pytest.mark.parametrize("name", ["persons.csv", "sdmx.csv"])
def test_the_tidy_rows_and_sdmx_have_the_totals(restricted, name):
    value = by_key(restricted, name)
    assert tuple(value["offender", "CON", sex, "_T", "PERSON"] for sex in ("_T", "F", "M")) == CONVICTED
    assert tuple(value["victim", "DET", sex, age, "PERSON"] for sex, age in GROUPS) == DETECTED


@pytest.fixture(scope="module")
def left(public):
    """What the public tier leaves of the convicted: in all, women, men. The total may be hidden, both sexes must be."""
    total = by_key(public, "persons.csv")["offender", "CON", "_T", "_T", "PERSON"]
    assert total in {"31", ""}
    return total or "[c]", "[c]", "[c]"


def glotip(files):
    of_total = (row for row in rows_of(files["glotip.csv"], skip=2) if row["Dimension"] == "Total" and row["Year"] == "2018")
    return {(row["Indicator"], row["Sex"], row["Age"]): row["txtVALUE"] for row in of_total}


def test_the_international_file_has_the_totals_and_the_public_one_prints_what_is_small_as_hidden(restricted, public, left):
    ages = {"Y0T17": "0 to 17 years", "Y_GE18": "18 years or over", "_T": "Total"}
    sexes = {"F": "Female", "M": "Male", "_T": "Total"}
    found, shown = glotip(restricted), glotip(public)
    victims = "Detected trafficking victims"
    assert tuple(found["Persons convicted", sexes[sex], "Total"] for sex in ("_T", "F", "M")) == CONVICTED
    assert tuple(found[victims, sexes[sex], ages[age]] for sex, age in GROUPS) == DETECTED
    assert tuple(shown["Persons convicted", sex, "Total"] for sex in ("Total", "Female", "Male")) == left
    assert tuple(shown[victims, sexes[sex], ages[age]] for sex, age in GROUPS) == DETECTED


def asked(files, language="en"):
    lines = csv.reader(io.StringIO(files[f"questionnaire-{language}.csv"].decode()))
    heads = next(lines)
    return {(line[0], line[2]): line[heads.index("2018")] for line in lines}


def test_the_questionnaire_has_the_totals_and_the_public_one_hides_both_sexes(restricted, public, left):
    found, shown = asked(restricted), asked(public)
    assert tuple(found["Q4", row] for row in ("Total", "Female", "Male")) == CONVICTED
    assert tuple(found["Q5", row] for row in ("Boys", "Girls", "Men", "Women", "Total")) == DETECTED
    assert tuple(shown["Q4", row] for row in ("Total", "Female", "Male")) == left
    assert tuple(shown["Q5", row] for row in ("Boys", "Girls", "Men", "Women", "Total")) == DETECTED


def text_row(files, role, stage):
    """Head to cell of a stage's line in the year's table of a role."""
    table = next(block for block in files["tables.txt"].decode().split("\n\n") if block.startswith(f"2018, {role}\n"))
    _, heads, *lines = (line.split() for line in table.splitlines())
    return dict(zip(heads, next(line for line in lines if line[0] == stage), strict=False))


def test_the_text_tables_have_the_totals_and_the_public_ones_hide_both_sexes(restricted, public, left):
    victims, convicted = text_row(restricted, "victims", "detected"), text_row(restricted, "offenders", "convicted")
    assert tuple(convicted[head] for head in ("total", "female", "male")) == CONVICTED
    assert tuple(victims[head] for head in ("boys", "girls", "men", "women", "total")) == DETECTED
    hidden = text_row(public, "offenders", "convicted")
    assert tuple(hidden[head] for head in ("total", "female", "male")) == left
    assert (hidden["women"], hidden["men"]) == ("[c]", "[c]")


def sheet_row(files, language, table, *named):
    """Cells of the row that begins so, in the sheet with that table."""
    book = openpyxl.load_workbook(io.BytesIO(files[f"tables-{language}.xlsx"]))
    sheet = next(sheet for sheet in book if table in sheet.tables)
    area = [[str(cell.value) for cell in row] for row in sheet[sheet.tables[table].ref]]
    return dict(zip(area[0], next(row for row in area if tuple(row[: len(named)]) == named), strict=True))


def test_the_workbook_has_the_totals_and_the_public_one_hides_both_sexes(restricted, public, left):
    victims = sheet_row(restricted, "en", "table_role_victim", "2018", "Detected")
    assert tuple(victims[head] for head in ("Boys", "Girls", "Men", "Women", "Total")) == DETECTED
    for files, expected in ((restricted, CONVICTED), (public, left)):
        convicted = sheet_row(files, "en", "table_role_offender", "2018", "Convicted")
        assert tuple(convicted[head] for head in ("Total", "Female", "Male")) == expected


class Tables(HTMLParser):
    """Caption's name to rows of text; a cell's interval is left out."""

    def __init__(self):
        super().__init__()
        self.found, self.row, self.within = {}, None, []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.within.append((tag, given.get("class")))
        if tag == "caption":
            self.found[given["id"]] = self.rows = []
        if tag == "tr":
            self.row = []
            self.rows.append(self.row)
        if tag in {"th", "td"}:
            self.row.append("")

    def handle_endtag(self, tag):
        while self.within and self.within.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if {"td", "th"} & {tag for tag, _ in self.within} and ("span", "interval") not in self.within:
            self.row[-1] += data.strip()


def page_rows(files, language, name):
    """Group and head to cells, by the table's heads."""
    reader = Tables()
    reader.feed(files[f"report-{language}.html"].decode())
    heads, *rows = reader.found[name]
    group, found = "", {}
    for row in rows:
        if len(row) == 1:
            (group,) = row
        else:
            found[group, row[0]] = dict(zip(heads[1:], row[1:], strict=True))
    return found


def test_the_page_has_the_totals_and_the_public_one_hides_both_sexes_in_table_and_chart(restricted, public, left):
    victims = page_rows(restricted, "en", "stages-victim")["detected", "2018"]
    assert tuple(victims[head] for head in ("boys", "girls", "men", "women", "persons")) == DETECTED
    convicted = page_rows(restricted, "en", "stages-offender")["convicted", "2018"]
    assert (convicted["persons"], convicted["women"], convicted["men"]) == CONVICTED
    hidden = page_rows(public, "en", "stages-offender")["convicted", "2018"]
    assert (hidden["persons"], hidden["women"], hidden["men"]) == left
    chart = public["report-en.html"].decode().partition('id="chart-groups-offender-desc">')[2].partition("<")[0]
    assert "women: not shown; men: not shown" in chart


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_tells_the_same_numbers(restricted, public, language):
    for files in (restricted, public):
        for name in ("stages-offender", "stages-victim", "trend-offender"):
            own, english = (list(page_rows(files, of, name).values()) for of in (language, "en"))
            assert [list(row.values()) for row in own] == [list(row.values()) for row in english]
        assert list(asked(files, language).values()) == list(asked(files).values())
        books = [openpyxl.load_workbook(io.BytesIO(files[f"tables-{of}.xlsx"])) for of in (language, "en")]
        numbers = [
            [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if isinstance(cell.value, int | float)]
            for book in books
        ]
        assert len(numbers[0]) > 100
        assert numbers[0] == numbers[1]


@pytest.mark.parametrize("name", ["persons.csv", "sdmx.csv"])
def test_in_the_public_rows_nothing_is_left_of_the_four_and_of_what_would_give_them_away(public, name):
    value, status = by_key(public, name), by_key(public, name, "CONF_STATUS")
    for sex in ("F", "M"):
        for age in ("_T", "Y_GE18"):
            key = ("offender", "CON", sex, age, "PERSON")
            assert (value[key], status[key]) == ("", "C")
            assert (by_key(public, name, "LINK_LO")[key], by_key(public, name, "LINK_HI")[key]) == ("", "")


def parts(files):
    """Table by value and sex to the counts of convicted in 2018 that add up to the sex's total."""
    found = {}
    for row in rows_of(files["persons.csv"]):
        of = (row["ROLE"], row["STAGE"], row["TIME_PERIOD"], row["AGE"])
        if of == ("offender", "CON", "2018", "_T") and row["RULE"] == "principal" and row["SEX"] in {"F", "M"}:
            found.setdefault((row["DATAFLOW"], row["SEX"]), []).append(row["OBS_VALUE"])
    return {at: counts for at, counts in found.items() if at[0] not in {"SEX_AGE", "COHORT"}}


def test_no_breakdown_of_the_public_tier_adds_up_to_the_four(restricted, public):
    whole, left = parts(restricted), parts(public)
    assert len(whole) >= 8
    assert all(sum(map(int, counts)) == {"F": 27, "M": 4}[sex] for (_, sex), counts in whole.items())
    assert all("" in left.get(at, [""]) for at in whole)


def test_the_manifest_names_every_file(restricted, public):
    for files in (restricted, public):
        told = json.loads(files["manifest.json"])
        assert told["outputs"] == {
            name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "manifest.json"
        }
        assert told["inputs"]["date"] == "2019-02-01"


FORTY = """
import sys
import numpy as np
import pandas as pd
from linkage.protocol import ready_protocol
from linkage.statistics.report import Job, report
tip = ready_protocol("tip")
given = {"role": "victim", "stage": "DET", "region": "TJ-SU", "article": "130.1", "form_of_exploitation": "LAB", "citizenship": "TJK"}
names = np.array([f"R{n:02}" for n in range(40)], object)
order = np.array([int(n) for n in sys.argv[1].split(",")])
columns = {name: np.full(40, given.get(name, ""), object) for name in tip.content}
columns |= {"event_date": np.array([f"2018-{1 + n % 12:02}-05" for n in range(40)], object)}
columns |= {"sex": np.array(["F" if n % 5 else "M" for n in range(40)], object), "record": names}
persons = pd.DataFrame({"agency": "police", "record": names, "person_id": [f"P{n // 2}" for n in range(40)]}).iloc[order]
content = [("police", {name: values[order] for name, values in columns.items()})]
for tier in ("restricted", "public"):
    for name, data in sorted(report(Job(content, persons, tip, tier, languages=("en", "tg"))).items()):
        if name == "manifest.json":
            print(tier, data.decode())
"""


def test_a_year_of_forty_records_gives_the_same_bytes_whatever_the_order_of_rows_and_the_hash_seed():
    orders = [list(range(40)), list(range(39, -1, -1)), [n * 7 % 40 for n in range(40)]]
    told = [
        subprocess.run(
            [sys.executable, "-c", FORTY, ",".join(map(str, order))],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for order, seed in zip(orders, ("1", "2", "3"), strict=True)
    ]
    assert told[0].count("outputs") == 2
    assert told[0] == told[1] == told[2]
