import io

import pandas as pd
import pytest

from linkage.statistics import codelists
from linkage.statistics.tables import tidy


def read(publication):
    return pd.read_csv(io.BytesIO(codelists.csv(publication)), dtype=str, keep_default_na=False)


@pytest.mark.parametrize("name", ["exact", "guarded", "several"])
def test_every_code_of_the_tidy_rows_is_in_its_list_once(name, request):
    publication = request.getfixturevalue(name)
    lists, rows = read(publication), tidy(publication)
    assert not lists.duplicated(["codelist", "code"]).any()
    for column in codelists.KINDS:
        listed = set(lists[lists["codelist"] == column]["code"])
        used = set(rows[column]) - {""}
        assert used <= listed, column
        assert listed == used or column.endswith("STATUS")


def test_every_code_has_a_label_in_each_language(several):
    lists = read(several)
    assert list(lists.columns) == ["codelist", "code", "label_en", "label_ru", "label_tg"]
    assert (lists != "").all().all()
    stage = lists[lists["codelist"] == "STAGE"].set_index("code")
    assert list(stage.loc["CON", ["label_en", "label_ru", "label_tg"]]) == ["convicted", "осуждены", "маҳкумшуда"]
    area = lists[lists["codelist"] == "REF_AREA"].set_index("code")
    assert area.loc["TJ-SU", "label_tg"] == "Вилояти Суғд"


def test_a_total_is_named_as_one_and_not_by_its_code(several):
    totals = read(several)
    totals = totals[totals["code"].isin(("_T", "_U"))]
    assert len(totals) > 15
    assert not totals["label_en"].str.startswith("_").any()
