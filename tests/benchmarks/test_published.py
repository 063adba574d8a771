"""Published cells beside the truth: what is counted as exact, as covered, and against which truth."""

import pandas as pd
import pytest

from benchmarks.quality.counted import linked, published
from benchmarks.quality.published import judged, run
from benchmarks.quality.published_tables import published_tables
from benchmarks.quality.tipsim_m import small_rows
from benchmarks.runner import DATA, Settings
from linkage.protocol import ready_protocol
from linkage.statistics.cells import KEY

SETS = sorted(folder for folder in (DATA / "tipsim").glob("S_*_seed1") if (folder / "truth").is_dir())


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return run(Settings(small=True, data=tmp_path_factory.mktemp("nothing"), peers=None))


def test_shares_of_cells_are_of_all_cells():
    cells = pd.DataFrame({"count": [5, 4, 9, 2], "low": [5, 3, 4, 2], "high": [5, 5, 9, 2], "truth": [5, 5, 3, 4]})
    assert judged(cells) == {"cells": 4, "exact": 0.25, "within_one": 0.5, "covered": 0.5, "width": 0.35, "max_error": 6}


def test_a_tiny_run_of_invented_people_counts_and_covers(tiny):
    [(name, one)] = tiny["sets"].items()
    assert name == "small"
    assert one["cells"]["cells"] > 20
    assert one["cells"]["exact"] <= one["cells"]["covered"] <= 1
    assert one["persons"]["low"] <= one["persons"]["estimated"] <= one["persons"]["high"]
    assert "published" not in one


def test_the_tables_show_what_was_measured(tiny):
    text = "\n".join(published_tables(tiny))
    assert f"{tiny['sets']['small']['cells']['covered']:.1%}" in text
    assert f"{tiny['sets']['small']['persons']['true']:,}" in text
    assert "As published" not in text


def test_without_the_practice_data_nothing_is_measured(tmp_path):
    assert "tipsim" in run(Settings(small=False, data=tmp_path, peers=None))["skipped"]


def test_every_record_has_its_content_its_person_and_its_true_person(tmp_path):
    rows = small_rows(Settings(small=True, data=tmp_path, peers=None))
    one = linked(rows, ready_protocol("tip"))
    assert len(one.frame) == len(rows.records)
    assert one.frame["true"].nunique() == rows.truth["person_id"].nunique()
    assert not one.frame[["role", "stage", "person_id", "record"]].isna().any(axis=None)
    assert set(zip(one.draws.table.agency, one.draws.table.record, strict=True)) <= set(
        zip(one.frame["agency"], one.frame["record"], strict=True)
    )


@pytest.mark.skipif(not SETS, reason="the practice data is absent")
def test_the_makers_cells_count_each_true_person_once_per_year_role_and_stage():
    folder = SETS[0] / "truth"
    cells, truth = published(folder), pd.read_csv(folder / "truth.csv", dtype=str, keep_default_na=False)
    assert not cells.duplicated(KEY).any()
    totals = cells[
        (cells["table"] == "sex_age") & (cells["age_group"] == "_T") & (cells["stage"] == "_T") & (cells["year"] != "_T")
    ]
    of_sexes = totals[totals["sex"] != "_T"].set_index(["year", "role", "sex"])["truth"].sort_index()
    counted = truth.groupby(["year", "role", "sex"])["person_id"].nunique().sort_index()
    assert of_sexes.to_dict() == counted.to_dict()
    assert len(counted) == 40
