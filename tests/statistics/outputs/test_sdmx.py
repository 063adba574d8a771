import io
import re
import sys
import xml.etree.ElementTree as Tree
from dataclasses import replace

import pandas as pd
import pytest

from linkage.errors import UsageError
from linkage.statistics import sdmx
from linkage.statistics.tables import tidy


def read(publication):
    return pd.read_csv(io.BytesIO(sdmx.csv(publication)), dtype=str, keep_default_na=False)


def test_each_row_names_its_dataflow_and_informs(several):
    rows = read(several)
    assert list(rows.columns[:4]) == ["STRUCTURE", "STRUCTURE_ID", "ACTION", "REF_AREA"]
    assert set(rows["STRUCTURE"]) == {"dataflow"}
    assert set(rows["ACTION"]) == {"I"}
    assert {"HEADCOUNT:SEX_AGE(1.0.0)", "HEADCOUNT:COHORT(1.0.0)"} <= set(rows["STRUCTURE_ID"])


def test_a_row_is_unique_in_its_dataflow_and_dimensions(several):
    assert not read(several).duplicated(["STRUCTURE_ID", *sdmx.DIMENSIONS]).any()


def test_only_rows_of_an_unknown_year_are_left_out_and_no_value_changes(several):
    rows, plain = read(several), tidy(several)
    dated = plain[plain["TIME_PERIOD"] != "_U"]
    assert 0 < len(dated) < len(plain)
    assert list(rows["OBS_VALUE"]) == list(dated["OBS_VALUE"].astype(str))


def test_codes_are_written_as_sdmx_takes_them(several):
    rows = read(several)
    assert {"130_1", "132"} <= set(rows["CRIME"])
    assert set(rows["ROLE"]) == {"VICTIM", "OFFENDER"}
    assert "TJ" in set(rows["REF_AREA"])
    assert "_T" not in set(rows["REF_AREA"])
    for name in sdmx.DIMENSIONS:
        if name != "TIME_PERIOD":
            assert rows[name].str.fullmatch(r"[A-Za-z0-9_@$-]+").all(), name


def test_all_years_are_a_range_of_time(several):
    assert set(read(several)["TIME_PERIOD"]) == {*map(str, range(2016, 2023)), "2016-01-01/P7Y"}
    period = several.cells.assign(year=several.cells["year"].replace("2016", "2016-2018"))
    assert "2016-01-01/P3Y" in set(read(replace(several, cells=period))["TIME_PERIOD"])


def test_a_hidden_cell_is_suppressed_and_empty(guarded):
    rows = read(guarded)
    hidden = rows[rows["OBS_STATUS"] == "Q"]
    assert len(hidden) > 20
    assert set(hidden["OBS_VALUE"]) == {""}


def test_codes_that_would_become_one_are_refused(publish, records):
    frame = records(
        *(("a", str(n), str(n), "victim", "DET", "2018", "F", "", "", "", form) for n, form in enumerate(("X.1", "X_1")))
    )
    with pytest.raises(UsageError, match="two codes become one"):
        sdmx.csv(publish(frame))


def test_without_the_library_the_reader_is_told_what_to_install(exact, monkeypatch):
    monkeypatch.setitem(sys.modules, "sdmx", None)
    with pytest.raises(UsageError) as failure:
        sdmx.xml(exact)
    assert "headcount[sdmx]" in failure.value.hint


@pytest.mark.parametrize("name", ["exact", "guarded"])
def test_the_message_has_the_rows_of_the_csv(name, request):
    pytest.importorskip("sdmx")
    publication = request.getfixturevalue(name)
    data = sdmx.xml(publication)
    assert data == sdmx.xml(publication)
    root, rows = Tree.fromstring(data), read(publication)
    found = [observation.attrib for part in root.iter() if part.tag.endswith("}DataSet") for observation in part]
    assert [one.get("OBS_VALUE", "") for one in found] == list(rows["OBS_VALUE"])
    assert [one["SEX"] for one in found] == list(rows["SEX"])
    assert re.search(rb"Prepared>2026-11-26T00:00:00", data)
