import io
import re
from dataclasses import replace

import pandas as pd
import pytest

from linkage.statistics.counts import count, sources
from linkage.statistics.tables import COLUMNS, KEY, PRINCIPAL_NOTE, YEARS_NOTE, align, csv_bytes, text_tables, tidy, width

HEADER = (
    "DATAFLOW,REF_AREA,TIME_PERIOD,STAGE,ROLE,SEX,AGE,CRIME,FORM,CITIZENSHIP,"
    "COUNT_UNIT,OBS_VALUE,OBS_STATUS,CONF_STATUS,LINK_LO,LINK_HI,NOTE"
)


@pytest.fixture(scope="module")
def cells(year_2018, protocol):
    return count(year_2018, protocol)


@pytest.fixture(scope="module")
def text(year_2018, cells, protocol):
    return text_tables(cells, protocol, "restricted", sources(year_2018, protocol))


@pytest.fixture(scope="module")
def read_back(cells, protocol):
    data = csv_bytes(tidy(cells, protocol, "restricted"))
    return pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)


def values(rows, **key):
    for name, value in key.items():
        rows = rows[rows[name] == value]
    return int(rows["OBS_VALUE"].iloc[0]) if len(rows) else 0


def test_the_tidy_file_is_utf8_with_lf_and_exactly_the_agreed_columns(cells, protocol):
    data = csv_bytes(tidy(cells, protocol, "public"))
    assert data.split(b"\n")[0].decode() == HEADER == ",".join(COLUMNS)
    assert b"\r" not in data
    assert not data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"\n")


def test_tidy_rows_are_sorted_by_a_key_that_is_unique(read_back):
    keys = list(read_back[list(KEY)].itertuples(index=False))
    assert keys == sorted(set(keys))
    assert len(keys) > 100


def test_a_tidy_row_says_everything_about_its_count(read_back):
    row = read_back[(read_back["DATAFLOW"] == "REGION") & (read_back["TIME_PERIOD"] == "_T") & (read_back["REF_AREA"] == "TJ-DU")]
    assert row[row["STAGE"] == "CON"].iloc[0].to_dict() == {
        "DATAFLOW": "REGION",
        "REF_AREA": "TJ-DU",
        "TIME_PERIOD": "_T",
        "STAGE": "CON",
        "ROLE": "offender",
        "SEX": "_T",
        "AGE": "_T",
        "CRIME": "_T",
        "FORM": "_T",
        "CITIZENSHIP": "_T",
        "COUNT_UNIT": "PERSON",
        "OBS_VALUE": "31",
        "OBS_STATUS": "A",
        "CONF_STATUS": "C",
        "LINK_LO": "",
        "LINK_HI": "",
        "NOTE": f"{YEARS_NOTE}; {PRINCIPAL_NOTE}; restricted: not for publication",
    }


@pytest.mark.parametrize(("tier", "status"), [("restricted", "C"), ("public", "F")])
def test_every_row_carries_the_tiers_confidentiality(cells, protocol, tier, status):
    rows = tidy(cells, protocol, tier)
    assert set(rows["CONF_STATUS"]) == {status}
    assert rows["NOTE"].str.contains("restricted").all() == (tier == "restricted")


def test_the_text_starts_with_what_it_is_and_who_may_see_it(text, protocol):
    title, mark, identity, what, blank = text.split("\n")[:5]
    assert title == protocol.title
    assert mark == "restricted tier: exact counts, confidential, not for publication"
    assert identity == f"protocol {protocol.id}"
    assert what.startswith("unique persons, once per year and stage")
    assert blank == ""


def test_the_text_tables_of_2018_read_as_written_here(text):
    blocks = dict((block.split("\n", 1)) for block in text.strip().split("\n\n")[1:])
    assert blocks["2018, offenders"].split("\n") == [
        "stage       total  female  male  girls  boys  women  men  unknown  records  records/person",
        "any stage      32      27     5      0     0     27    5        0       86            2.69",
        "suspected      32      27     5      0     0     27    5        0       32            1.00",
        "prosecuted     16      14     2      0     0     14    2        0       16            1.00",
        "convicted      31      27     4      0     0     27    4        0       38            1.23",
        "source, any stage: court, police, prosecutor",
        "source, suspected: police",
        "source, prosecuted: prosecutor",
        "source, convicted: court",
    ]
    assert blocks["2018, victims by region (principal value: rows add up)"].split("\n") == [
        "region          any stage  detected  assisted  repatriated",
        "Sughd                  40        40        40           40",
        "region unknown          1         0         1            0",
        "total                  41        40        41           40",
    ]
    assert re.search(r"^detected +40 +19 +21 +5 +6 +14 +15 +0 +50 +1\.25$", blocks["2018, victims"], re.MULTILINE)


def test_the_note_that_years_do_not_add_up_stands_under_all_years_and_nowhere_else(text, read_back):
    for block in text.split("\n\n"):
        title = block.split("\n")[0]
        assert (f"note: {YEARS_NOTE}" in block) == (title in {"all years, victims", "all years, offenders"})
    assert (read_back["NOTE"].str.contains(YEARS_NOTE) == (read_back["TIME_PERIOD"] == "_T")).all()


def test_the_tidy_file_read_again_gives_every_number_of_the_text(text, read_back, protocol):
    stages = {label: code for code, label in protocol.content["stage"].labels.items()} | {"any stage": "_T"}
    roles = {label: code for code, label in protocol.content["role"].labels.items()}
    groups = {"total": ("_T", "_T"), "female": ("F", "_T"), "male": ("M", "_T"), "girls": ("F", "Y0T17"), "boys": ("M", "Y0T17")}
    groups |= {"women": ("F", "Y_GE18"), "men": ("M", "Y_GE18")}
    columns, checked = {"region": "REF_AREA", "article": "CRIME", "form of exploitation": "FORM", "citizenship": "CITIZENSHIP"}, 0
    for block in text.strip().split("\n\n")[1:]:
        title, head, *lines = (re.split(r"\s{2,}", line) for line in block.split("\n"))
        year, role = re.match(r"(.+), (\w+)", title[0]).groups()
        at = {"TIME_PERIOD": {"all years": "_T"}.get(year, year), "ROLE": roles[role]}
        for name, *numbers in (line for line in lines if len(line) == len(head)):
            for column, number in zip(head[1:], numbers, strict=True):
                if head[0] == "stage":
                    found = headline(read_back, {**at, "STAGE": stages[name]}, groups, column)
                else:
                    key = {**at, "STAGE": stages[column], "SEX": "_T", "AGE": "_T", "COUNT_UNIT": "PERSON"}
                    codes = {label: code for code, label in protocol.content[head[0].replace(" ", "_")].labels.items()}
                    code = {f"{head[0]} unknown": "_U"}.get(name, codes.get(name, name))
                    table = (
                        {"DATAFLOW": "SEX_AGE"}
                        if name == "total"
                        else {"DATAFLOW": head[0].upper().replace(" ", "_"), columns[head[0]]: code}
                    )
                    found = str(values(read_back, **key, **table))
                assert found == number, (title, name, column)
                checked += 1
    assert checked > 300


def headline(rows, at, groups, column):
    at = {**at, "DATAFLOW": "SEX_AGE"}
    total = values(rows, **at, SEX="_T", AGE="_T", COUNT_UNIT="PERSON")
    records = values(rows, **at, SEX="_T", AGE="_T", COUNT_UNIT="RECORD")
    if column == "unknown":
        known = [values(rows, **at, SEX=s, AGE=a, COUNT_UNIT="PERSON") for s in "FM" for a in ("Y0T17", "Y_GE18")]
        return str(total - sum(known))
    if column in groups:
        sex, age = groups[column]
        return str(values(rows, **at, SEX=sex, AGE=age, COUNT_UNIT="PERSON"))
    return str(records) if column == "records" else f"{records / total:.2f}"


def test_labels_are_the_protocols_words_whatever_the_script(records, protocol):
    words = replace(protocol.content["region"], labels={"TJ-SU": "Вилояти Суғд", "TJ-DU": "杜尚别"})
    tajik = replace(protocol, content={**protocol.content, "region": words})
    frame = records(
        *(("police", str(n), str(n), "victim", "DET", "2018", "F", "", region) for n, region in enumerate(("TJ-SU", "TJ-DU")))
    )
    lines = text_tables(count(frame, tajik), tajik, "public", {}).split("\n")
    named = [line for line in lines if line.startswith(("Вилояти", "杜尚别", "region"))]
    assert len({width(line) for line in named}) == 1
    assert len({len(line) for line in named}) == 2


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("", 0), ("й", 1), ("杜尚", 4), ("Суғд", 4)])
def test_width_is_what_a_terminal_gives(text, columns):
    assert width(text) == columns


def test_aligned_rows_are_equally_wide():
    assert align([["a", "1"], ["длинно", "100"]]) == ["a         1", "длинно  100"]


def test_unknown_years_stand_before_all_years_and_unknown_values_last(records, protocol):
    frame = records(
        ("police", "1", "Z", "victim", "DET", "", "F"), ("police", "2", "Y", "victim", "DET", "2019-01-01", "M", "", "TJ-SU")
    )
    text = text_tables(count(frame, protocol), protocol, "public", {})
    titles = [block.split("\n")[0] for block in text.split("\n\n")[1:]]
    assert [title for title in titles if title.endswith("victims")] == [
        "2019, victims",
        "year unknown, victims",
        "all years, victims",
    ]
    assert text.index("Sughd", text.index("all years, victims")) < text.index("region unknown", text.index("all years, victims"))
