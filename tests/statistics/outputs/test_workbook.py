import hashlib
import io
import re
import subprocess
import sys
import zipfile
from collections import Counter
from dataclasses import replace

import openpyxl
import pandas as pd
import pytest

from linkage.errors import UsageError
from linkage.statistics import codelists
from linkage.statistics.sheets import GROUPS, NOTES
from linkage.statistics.tables import KEY, csv_bytes, tidy
from linkage.statistics.words import LANGUAGES, capitalised, read_words
from linkage.statistics.workbook import xlsx

SHORTHAND = re.compile(r"\[(c|x|z)\]")
DIMENSIONS = {"region": "REF_AREA", "article": "CRIME", "form_of_exploitation": "FORM", "citizenship": "CITIZENSHIP"}


def opened(publication, language="en"):
    return openpyxl.load_workbook(io.BytesIO(xlsx(publication, language)))


def tables(book):
    """Name of the table to its heads and rows, read by the table's own range."""
    found = {}
    for sheet in book:
        for table in sheet.tables.values():
            head, *rows = ([cell.value for cell in row] for row in sheet[table.ref])
            found[table.name.removeprefix("table_")] = (head, rows)
    return found


class Numbers:
    """The tidy CSV and its code lists, read again, and looked up as the table says it."""

    def __init__(self, publication, language):
        read = {"dtype": str, "keep_default_na": False}
        self.rows = pd.read_csv(io.BytesIO(csv_bytes(tidy(publication))), **read)
        self.index = {tuple(row[name] for name in KEY): row for row in self.rows.to_dict("records")}
        lists = pd.read_csv(io.BytesIO(codelists.csv(publication)), **read)
        self.code = {(row["codelist"], capitalised(row[f"label_{language}"])): row["code"] for row in lists.to_dict("records")}
        self.met = Counter()

    def of(self, column, label):
        return self.code.get((column, capitalised(str(label))), str(label))

    def at(self, column="OBS_VALUE", **named):
        named = {"COUNT_UNIT": "PERSON", "RULE": "principal", **named}
        key = tuple(named.get(name, "_T") for name in KEY)
        self.met[key] += 1
        row = self.index.get(key)
        if row is None:
            return 0 if column == "OBS_VALUE" else "[x]"
        if row["OBS_VALUE"] == "":
            return "[c]"
        return int(row[column]) if row[column] else "[x]"

    def life(self, year, role, stage):
        return {"TIME_PERIOD": self.of("TIME_PERIOD", year), "ROLE": self.of("ROLE", role), "STAGE": self.of("STAGE", stage)}

    def groups(self, **named):
        counts = [self.at(**named, SEX=sex, AGE=age) for sex, age in GROUPS.values()]
        interval = [self.at(column, **named) for column in ("LINK_LO", "LINK_HI")]
        return [*counts, *interval]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["exact", "guarded", "several"])
def test_every_number_of_the_workbook_is_that_of_the_tidy_file(name, language, request):
    publication = request.getfixturevalue(name)
    found, numbers, checked = tables(opened(publication, language)), Numbers(publication, language), 0
    for year, role, stage, persons, low, high, records, ratio in found["persons"][1]:
        at = {"DATAFLOW": "SEX_AGE", **numbers.life(year, role, stage)}
        expected = [
            numbers.at(**at),
            numbers.at("LINK_LO", **at),
            numbers.at("LINK_HI", **at),
            numbers.at(**at, COUNT_UNIT="RECORD"),
        ]
        assert [persons, low, high, records] == expected
        assert ratio == ("[c]" if "[c]" in (persons, records) else round(records / persons, 2))
        checked += 1
    for role in ("victim", "offender"):
        for year, stage, *counts in found[f"role_{role}"][1]:
            at = {"TIME_PERIOD": numbers.of("TIME_PERIOD", year), "STAGE": numbers.of("STAGE", stage), "ROLE": role}
            assert counts == numbers.groups(DATAFLOW="SEX_AGE", **at)
            checked += 1
    for dimension, column in DIMENSIONS.items():
        for year, role, stage, rule, code, _, *counts in found[dimension][1]:
            at = {"DATAFLOW": dimension.upper(), **numbers.life(year, role, stage), "RULE": numbers.of("RULE", rule), column: code}
            assert counts == numbers.groups(**at)
            checked += 1
    checked += sum(map(len, (cube(found, numbers), cohort(found, numbers), overlap(found, numbers))))
    assert checked > 100
    shown = {key for key in numbers.index if key[KEY.index("SEX")] == "_T" or key[0] in {"SEX_AGE", "CUBE", "COHORT"}}
    assert len(shown) > 100
    assert not {key for key in shown if not numbers.met[key]} - ages_of_unknown_sex(shown)


def ages_of_unknown_sex(keys):
    """Cells that no column is for: the age groups of those whose sex is not known, and unknown ages by sex."""
    sex, age = KEY.index("SEX"), KEY.index("AGE")
    return {key for key in keys if (key[sex], key[age]) not in GROUPS.values()}


def cube(found, numbers):
    head, rows = found["cube"]
    sexes = [numbers.of("SEX", label) for label in head[5:]]
    for year, role, stage, region, article, *counts in rows:
        at = {**numbers.life(year, role, stage), "REF_AREA": numbers.of("REF_AREA", region), "CRIME": numbers.of("CRIME", article)}
        assert counts == [numbers.at(DATAFLOW="CUBE", SEX=sex, **at) for sex in sexes]
    return rows


def cohort(found, numbers):
    head, rows = found["cohort"]
    stages = [numbers.of("STAGE", label) for label in head[4:]]
    for year, role, lag, sex, *counts in rows:
        at = {"TIME_PERIOD": str(year), "ROLE": numbers.of("ROLE", role), "LAG": str(lag), "SEX": numbers.of("SEX", sex)}
        assert counts == [numbers.at(DATAFLOW="COHORT", STAGE=stage, **at) for stage in stages]
    return rows


def overlap(found, numbers):
    head, rows = found["overlap"]
    others = [numbers.of("AGENCY", label) for label in head[2:]]
    for role, agency, *counts in rows:
        own, role_code = numbers.of("AGENCY", agency), numbers.of("ROLE", role)
        pairs = [sorted((own, other)) for other in others]
        assert counts == [numbers.at(DATAFLOW="OVERLAP", ROLE=role_code, AGENCY=one, OTHER=two) for one, two in pairs]
    return rows


def test_the_year_2018_stands_in_the_workbook_as_it_was_counted(exact):
    found = tables(opened(exact))
    offenders = {(year, stage): counts for year, stage, *counts in found["role_offender"][1]}
    assert offenders[2018, "Convicted"][:3] == [31, 27, 4]
    head, rows = found["role_victim"]
    detected = next(dict(zip(head, row, strict=True)) for row in rows if row[:2] == [2018, "Detected"])
    assert [detected[name] for name in ("Total", "Boys", "Girls", "Men", "Women")] == [40, 6, 5, 15, 14]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_sheet_follows_the_guidance(several, language):
    book, words = opened(several, language), read_words(language)
    assert book.sheetnames[0] == words.text("sheet_cover")
    assert all(len(name) <= 31 for name in book.sheetnames)
    for sheet in book.worksheets[1:]:
        (table,) = sheet.tables.values()
        first, last = re.match(r"A(\d+):[A-Z]+(\d+)", table.ref).groups()
        assert not sheet.merged_cells.ranges
        assert all(sheet.cell(row, 1).value for row in range(1, int(last) + 1)), "no empty row"
        assert all(cell.value not in (None, "") for row in sheet[table.ref] for cell in row), "no empty cell"
        assert sheet.max_row == int(last), "nothing below the table"
        assert sheet.freeze_panes == f"{re.sub('[0-9]', '', sheet.freeze_panes)}{int(first) + 1}", "heads stay in view"
        assert sheet["A2"].value == words.text("one_table")
        assert table.autoFilter is None
    contents = [row for _, rows in [tables(book)["contents"]] for row in rows]
    assert [name for name, _ in contents] == book.sheetnames[2:]
    links = [cell.hyperlink.location for cell in book.worksheets[1]["A"] if cell.hyperlink]
    assert links == [f"'{name}'!A1" for name in book.sheetnames[2:]]


def test_shorthand_is_explained_and_used_for_what_is_not_there(guarded, exact):
    cells = [cell for _, rows in tables(opened(guarded)).values() for row in rows for cell in row]
    used = {cell for cell in cells if isinstance(cell, str) and SHORTHAND.fullmatch(cell)}
    assert "[c]" in used
    assert used <= {mark for mark, _ in tables(opened(guarded))["shorthand"][1]}
    _, rows = tables(opened(exact))["persons"]
    assert {row[4] for row in rows} == {"[x]"}, "an interval that was not computed is not available"


def test_notes_are_numbered_and_the_break_in_series_is_marked_beside_the_region(several):
    found = tables(opened(several))
    assert [mark for mark, _ in found["notes"][1]] == [f"[note {n}]" for n in range(1, len(NOTES) + 1)]
    labels = {(row[0], row[4]): row[5] for row in found["region"][1]}
    assert labels[2021, "TJ-DU"] == "Dushanbe [b]"
    assert labels[2020, "TJ-DU"] == "Dushanbe"


def test_a_table_that_is_not_broken_down_has_no_zeros_in_place_of_the_breakdown(several):
    cells = several.cells
    coarse = (cells["table"] == "region") & ((cells["sex"] != "_T") | (cells["age_group"] != "_T"))
    coarse |= (cells["table"] == "citizenship") & (cells["role"] == "victim") & (cells["age_group"] != "_T")
    found = tables(opened(replace(several, cells=cells[~coarse].reset_index(drop=True))))
    assert found["region"][0][6:] == ["Total", "Lowest (95\u00a0%)", "Highest (95\u00a0%)"]
    by_age = [name for name, (_, age) in GROUPS.items() if age != "_T"]
    assert {row[1] for row in found["citizenship"][1]} == {"Victims", "Offenders"}
    for row in found["citizenship"][1]:
        for name, cell in zip(GROUPS, row[6:17], strict=True):
            assert (cell == "[x]") == (name in by_age and row[1] == "Victims")


def test_no_cell_is_a_formula_and_what_looks_like_one_stays_text(publish, records, protocol):
    evil = "=HYPERLINK(1)"
    frame = records((evil, "1", "A", "victim", "DET", "2018", "F", "Y_GE18", "TJ-DU", "+130", "@LAB", "TJK"))
    publication = publish(frame, of=replace(protocol, title="=1+1"))
    data = xlsx(publication, "en")
    book = openpyxl.load_workbook(io.BytesIO(data))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert len(cells) > 100
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    assert {"+130", "@LAB", evil} <= {cell.value for cell in cells}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert not [name for name in archive.namelist() if b"<f>" in archive.read(name)]
    rows = pd.read_csv(io.BytesIO(csv_bytes(tidy(publication))), dtype=str, keep_default_na=False)
    assert "'+130" in set(rows["CRIME"])
    assert not rows.apply(lambda column: column.str.startswith(("=", "+", "@", "-"))).any().any()


def test_the_date_is_the_releases_and_never_the_clocks(exact):
    with zipfile.ZipFile(io.BytesIO(xlsx(exact, "en"))) as archive:
        assert b"2026-11-26T00:00:00Z" in archive.read("docProps/core.xml")
        assert {info.date_time[0] for info in archive.infolist()} == {1980}
    undated = xlsx(replace(exact, origin={}), "en")
    assert undated == xlsx(replace(exact, origin={}), "en")


def test_rows_in_another_order_give_the_same_bytes(publish, year_2018):
    shuffled = year_2018.sample(frac=1, random_state=1).reset_index(drop=True)
    assert not shuffled.equals(year_2018)
    for language in LANGUAGES:
        assert xlsx(publish(shuffled), language) == xlsx(publish(year_2018), language)


SCRIPT = """
import hashlib, pandas
from linkage.protocol import ready_protocol
from linkage.statistics import codelists, glotip, questionnaire, sdmx, table_schema, tables, workbook
from linkage.statistics.cells import Publication
from linkage.statistics.counts import count, sources
columns = "agency record person_id role stage event_date sex age_group region article form_of_exploitation citizenship".split()
rows = [("police ngo court".split()[i % 3], str(i), str(i % 9), "victim", "DET ASS REP".split()[i % 3], str(2016 + i % 3), "FM"[i % 2],
         "Y0T17 Y_GE18".split()[i % 2], "TJ-DU TJ-SU".split()[i % 2], "130.1", "LAB SEX".split()[i % 2], "TJK") for i in range(40)]
protocol, frame = ready_protocol("tip"), pandas.DataFrame(rows, columns=columns, dtype=object)
of = Publication(protocol, "restricted", count(frame, protocol), sources(frame, protocol))
outputs = [workbook.xlsx(of, "tg"), tables.csv_bytes(tables.tidy(of)), glotip.csv(of), questionnaire.csv(of, "ru"), sdmx.csv(of),
           codelists.csv(of), table_schema.json(of)]
print(*(hashlib.sha256(data).hexdigest() for data in outputs))
"""


def test_another_hash_seed_gives_the_same_bytes_of_every_output():
    digests = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert digests[0] == digests[1]
    assert len(set(digests[0].split())) == 7
    assert hashlib.sha256(b"").hexdigest() not in digests[0]


def test_facts_of_the_quality_report_are_named_in_the_language(exact):
    english, tajik = (tables(opened(exact, language))["quality"][1] for language in ("en", "tg"))
    assert ["Coverage of the lists", "police, victims", "Records", 50] in english
    assert ["Фарогирии рӯйхатҳо", "милитсия, қурбониён", "Сабтҳо", 50] in tajik
    assert [row[3] for row in english] == [row[3] for row in tajik]
    assert ["Totals", "2018, offenders, convicted", "Newly merged", -1] in tables(opened(exact))["revision"][1]


def test_sheets_whose_names_would_be_alike_are_told_apart(publish, records):
    from linkage.protocol import ready_protocol

    frame = records(("a", "1", "A", "person", "", "2018", "F", "Y_GE18"))
    book = opened(publish(frame, of=ready_protocol("persons")))
    assert "Persons" in book.sheetnames
    assert "Persons 2" in book.sheetnames


def test_there_is_no_workbook_in_another_language(exact):
    with pytest.raises(UsageError):
        xlsx(exact, "de")
