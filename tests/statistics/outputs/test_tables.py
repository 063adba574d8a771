import io
import re
from dataclasses import replace

import pandas as pd
import pytest

from linkage.statistics.cells import NOT_STATED
from linkage.statistics.tables import COLUMNS, KEY, agencies_of, align, csv_bytes, text_tables, tidy, width
from linkage.statistics.words import read_words

HEADER = (
    "DATAFLOW,REF_AREA,TIME_PERIOD,STAGE,ROLE,SEX,AGE,CRIME,ICCS,ICTIP,FORM,CITIZENSHIP,RULE,LAG,AGENCY,OTHER,"
    "COUNT_UNIT,OBS_VALUE,OBS_STATUS,CONF_STATUS,LINK_LO,LINK_HI,NOTE"
)
ENGLISH = read_words("en")
YEARS_NOTE, PRINCIPAL_NOTE = ENGLISH.text("years_note"), ENGLISH.text("principal_note")


def reread(publication):
    return pd.read_csv(io.BytesIO(csv_bytes(tidy(publication))), dtype=str, keep_default_na=False)


def rows_of(rows, **key):
    for name, value in key.items():
        rows = rows[rows[name] == value]
    return rows


def indexed(rows):
    return {tuple(row[name] for name in KEY): row for row in rows.to_dict("records")}


def row_at(index, **key):
    named = {"COUNT_UNIT": "PERSON", "RULE": "principal", **key}
    return index.get(tuple(named.get(name, "_T") for name in KEY))


def value(index, **key):
    row = row_at(index, **key)
    return (row["OBS_VALUE"] or "[c]") if row else "0"


@pytest.fixture(scope="module")
def read_back(exact):
    return reread(exact)


@pytest.fixture(scope="module")
def text(exact):
    return text_tables(exact, ENGLISH)


def test_the_tidy_file_is_utf8_with_lf_and_exactly_the_agreed_columns(exact):
    data = csv_bytes(tidy(exact))
    assert data.split(b"\n")[0].decode() == HEADER == ",".join(COLUMNS)
    assert b"\r" not in data
    assert not data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"\n")


@pytest.mark.parametrize("name", ["exact", "guarded", "several"])
def test_tidy_rows_are_sorted_by_a_key_that_is_unique_and_each_cell_has_one(name, request):
    publication = request.getfixturevalue(name)
    keys = list(reread(publication)[list(KEY)].itertuples(index=False))
    assert keys == sorted(set(keys))
    assert len(keys) == len(publication.cells) > 100


def test_a_tidy_row_says_everything_about_its_count(several):
    row = rows_of(reread(several), DATAFLOW="ARTICLE", TIME_PERIOD="_T", CRIME="130.1", STAGE="CON", SEX="_T", AGE="_T", RULE="any")
    cells = several.cells
    cell = cells[(cells["table"] == "article") & (cells["article"] == "130.1") & (cells["rule"] == "any") & (cells["year"] == "_T")]
    cell = cell[(cell["stage"] == "CON") & (cell["sex"] == "_T") & (cell["age_group"] == "_T")].iloc[0]
    assert row.iloc[0].to_dict() == {
        "DATAFLOW": "ARTICLE",
        "REF_AREA": "_T",
        "TIME_PERIOD": "_T",
        "STAGE": "CON",
        "ROLE": "offender",
        "SEX": "_T",
        "AGE": "_T",
        "CRIME": "130.1",
        "ICCS": "0204",
        "ICTIP": "",
        "FORM": "_T",
        "CITIZENSHIP": "_T",
        "RULE": "any",
        "LAG": "_T",
        "AGENCY": "_T",
        "OTHER": "_T",
        "COUNT_UNIT": "PERSON",
        "OBS_VALUE": str(cell["count"]),
        "OBS_STATUS": "A",
        "CONF_STATUS": "C",
        "LINK_LO": str(cell["low"]),
        "LINK_HI": str(cell["high"]),
        "NOTE": f"{YEARS_NOTE}; {ENGLISH.text('any_note')}; restricted: not for publication",
    }


def test_forms_have_the_class_of_trafficking_for_that_purpose(several):
    rows = rows_of(reread(several), DATAFLOW="FORM_OF_EXPLOITATION")
    assert dict(zip(rows["FORM"], rows["ICCS"], strict=True)) == {"LAB": "02042", "SEX": "02041", "MIX": "0204", "_U": ""}
    assert set(rows_of(reread(several), DATAFLOW="SEX_AGE")["ICCS"]) == {""}


def test_a_hidden_cell_leaves_neither_its_count_nor_its_interval_nor_the_reason(guarded):
    rows = reread(guarded)
    hidden = guarded.cells["hidden"] != ""
    assert {"primary", "secondary"} <= set(guarded.cells["hidden"])
    empty = rows[rows["OBS_VALUE"] == ""]
    assert len(empty) == hidden.sum() > 20
    assert set(empty["LINK_LO"]) == set(empty["LINK_HI"]) == {""}
    assert set(empty["OBS_STATUS"]) == {"Q"}
    assert set(empty["CONF_STATUS"]) == {"C"}
    assert set(rows[rows["OBS_VALUE"] != ""]["CONF_STATUS"]) == {"F"}
    assert empty["NOTE"].str.contains("not shown").all()
    assert not rows["NOTE"].str.contains("primary|secondary|threshold|small").any()


@pytest.mark.parametrize(("name", "tier"), [("exact", "restricted"), ("guarded", "public")])
def test_every_row_of_the_restricted_tier_is_confidential_and_says_so(name, tier, request):
    rows = reread(request.getfixturevalue(name))
    assert rows["NOTE"].str.contains("restricted").all() == (tier == "restricted")
    assert (set(rows["CONF_STATUS"]) == {"C"}) == (tier == "restricted")


def test_an_interval_that_is_not_known_is_empty_and_never_a_number(exact, several):
    assert (exact.cells["low"] == NOT_STATED).all()
    assert set(reread(exact)["LINK_LO"]) == {""}
    known = reread(several)
    assert set(known["LINK_LO"] != "") == {True, False}
    assert not (known == str(NOT_STATED)).any().any()


def test_a_region_that_grew_has_a_break_in_its_series(several):
    rows = rows_of(reread(several), DATAFLOW="REGION", REF_AREA="TJ-DU")
    status = dict(zip(rows["TIME_PERIOD"], rows["OBS_STATUS"], strict=True))
    assert status["2020"] == "A"
    assert status["2021"] == "B"
    assert rows[rows["OBS_STATUS"] == "B"]["NOTE"].str.contains("Rudaki").all()


def test_what_a_spreadsheet_would_run_is_kept_from_it_and_numbers_are_left_alone():
    risky = ["=1+1", "+992 900", "-2", "@x", "\tx", "＝1", "plain"]
    data = csv_bytes(pd.DataFrame({"text": risky, "number": range(-3, 4)}))
    read = pd.read_csv(io.BytesIO(data), dtype=str)
    assert list(read["text"]) == [f"'{text}" for text in risky[:-1]] + ["plain"]
    assert list(read["number"]) == [str(number) for number in range(-3, 4)]


def test_the_text_starts_with_what_it_is_and_who_may_see_it(text, exact):
    title, mark, identity, what, blank = text.split("\n")[:5]
    assert title == exact.protocol.title
    assert mark == "restricted tier: exact counts, confidential, not for publication"
    assert identity == f"protocol {exact.protocol.id}"
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


def test_hidden_counts_are_marked_and_the_unknown_are_not_worked_out_from_them(guarded):
    text = text_tables(guarded, ENGLISH)
    block = next(block for block in text.split("\n\n") if block.startswith("2018, offenders\n"))
    assert re.search(r"^convicted +31 +27 +\[c\] +0 +0 +27 +\[c\] +\[c\] +38 +1\.23 +28–32$", block, re.MULTILINE)


def test_where_intervals_are_known_they_stand_in_a_last_column(several, text):
    assert "linkage 95 %" not in text
    assert re.search(r"^stage .*records/person +linkage 95 %$", text_tables(several, ENGLISH), re.MULTILINE)


def test_the_note_that_years_do_not_add_up_stands_under_all_years_and_nowhere_else(text, read_back):
    for block in text.split("\n\n"):
        title = block.split("\n")[0]
        assert (f"note: {YEARS_NOTE}" in block) == (title in {"all years, victims", "all years, offenders"})
    counted = read_back[read_back["DATAFLOW"] != "OVERLAP"]
    assert (counted["NOTE"].str.contains(YEARS_NOTE) == (counted["TIME_PERIOD"] == "_T")).all()


@pytest.mark.parametrize("name", ["exact", "guarded", "several"])
def test_the_tidy_file_read_again_gives_every_number_of_the_text(name, request):
    publication = request.getfixturevalue(name)
    rows, content, checked = indexed(reread(publication)), publication.protocol.content, 0
    stages = {label: code for code, label in content["stage"].labels.items()} | {"any stage": "_T"}
    roles = {label: code for code, label in content["role"].labels.items()}
    columns = {"region": "REF_AREA", "article": "CRIME", "form of exploitation": "FORM", "citizenship": "CITIZENSHIP"}
    for block in text_tables(publication, ENGLISH).strip().split("\n\n")[1:]:
        title, head, *lines = (re.split(r"\s{2,}", line) for line in block.split("\n"))
        year, role = re.match(r"(.+), (\w+)", title[0]).groups()
        at = {"TIME_PERIOD": {"all years": "_T", "year unknown": "_U"}.get(year, year), "ROLE": roles[role]}
        for called, *numbers in (line for line in lines if len(line) == len(head)):
            for column, number in zip(head[1:], numbers, strict=True):
                if head[0] == "stage":
                    found = headline(rows, {**at, "STAGE": stages[called]}, column)
                else:
                    code = code_of(head[0], called, content)
                    table = {"DATAFLOW": head[0].upper().replace(" ", "_"), columns[head[0]]: code}
                    found = value(rows, **at, STAGE=stages[column], **({"DATAFLOW": "SEX_AGE"} if called == "total" else table))
                assert found == number, (title, called, column)
                checked += 1
    assert checked > 250


def code_of(head, called, content):
    labels = content[head.replace(" ", "_")].labels | ENGLISH.codes[head.replace(" ", "_")]
    return {label: code for code, label in labels.items()}.get(called, called)


def headline(rows, at, column):
    groups = {"total": ("_T", "_T"), "female": ("F", "_T"), "male": ("M", "_T"), "girls": ("F", "Y0T17"), "boys": ("M", "Y0T17")}
    groups |= {"women": ("F", "Y_GE18"), "men": ("M", "Y_GE18")}
    at = {**at, "DATAFLOW": "SEX_AGE"}
    total, records = value(rows, **at), value(rows, **at, COUNT_UNIT="RECORD")
    if column in groups:
        sex, age = groups[column]
        return value(rows, **at, SEX=sex, AGE=age)
    if column == "unknown":
        known = [value(rows, **at, SEX=s, AGE=a) for s in "FM" for a in ("Y0T17", "Y_GE18")]
        return "[c]" if "[c]" in (total, *known) else str(int(total) - sum(map(int, known)))
    if column == "records/person":
        return "[c]" if "[c]" in (total, records) else f"{int(records) / int(total):.2f}"
    if column == "linkage 95 %":
        row = row_at(rows, **at)
        return f"{row['LINK_LO']}–{row['LINK_HI']}" if row["OBS_VALUE"] else "[c]"
    return records


def test_labels_are_the_protocols_words_whatever_the_script(publish, records, protocol):
    words = replace(protocol.content["region"], labels={"TJ-SU": "Вилояти Суғд", "TJ-DU": "杜尚别"})
    tajik = replace(protocol, content={**protocol.content, "region": words})
    frame = records(
        *(("police", str(n), str(n), "victim", "DET", "2018", "F", "", region) for n, region in enumerate(("TJ-SU", "TJ-DU")))
    )
    lines = text_tables(publish(frame, of=tajik), ENGLISH).split("\n")
    named = [line for line in lines if line.startswith(("Вилояти", "杜尚别", "region  "))]
    assert len({width(line) for line in named}) == 1
    assert len({len(line) for line in named}) == 2


def test_the_text_speaks_the_language_that_it_is_given(exact):
    tajik = text_tables(exact, read_words("tg"))
    assert "Ҳамаи солҳо" not in tajik
    assert "ҳамаи солҳо, қурбониён" in tajik
    assert not re.search(r"^(source|note|total|stage)\b", tajik, re.MULTILINE)


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("", 0), ("й", 1), ("杜尚", 4), ("Суғд", 4)])
def test_width_is_what_a_terminal_gives(text, columns):
    assert width(text) == columns


def test_aligned_rows_are_equally_wide():
    assert align([["a", "1"], ["длинно", "100"]]) == ["a         1", "длинно  100"]


def test_unknown_years_stand_before_all_years_and_unknown_values_last(publish, records):
    frame = records(
        ("police", "1", "Z", "victim", "DET", "", "F"), ("police", "2", "Y", "victim", "DET", "2019-01-01", "M", "", "TJ-SU")
    )
    text = text_tables(publish(frame), ENGLISH)
    titles = [block.split("\n")[0] for block in text.split("\n\n")[1:]]
    assert [title for title in titles if title.endswith("victims")] == [
        "2019, victims",
        "year unknown, victims",
        "all years, victims",
    ]
    assert text.index("Sughd", text.index("all years, victims")) < text.index("region unknown", text.index("all years, victims"))


def test_the_sources_of_a_period_are_those_of_its_years(exact):
    assert agencies_of(exact, "2017-2018", "offender", "_T") == ("court", "police", "prosecutor")
    assert agencies_of(exact, "2017", "offender", "_T") == ("police",)
    assert agencies_of(exact, "2014-2016", "offender", "_T") == ()


def test_a_period_without_breakdown_prints_its_totals_and_no_zeros(exact):
    cells = exact.cells
    whole = (cells["table"] == "sex_age") & (cells["year"] == "2018") & (cells["sex"] == "_T") & (cells["age_group"] == "_T")
    pooled = cells[whole & (cells["unit"] == "PERSON")].assign(year="2016-2018")
    text = text_tables(replace(exact, cells=pd.concat([pooled, cells], ignore_index=True)), ENGLISH)
    block = next(block for block in text.split("\n\n") if block.startswith("2016-2018, offenders\n"))
    assert block.split("\n")[:3] == ["2016-2018, offenders", "stage       total", "any stage      32"]
    assert "source, convicted: court" in block
