"""What the large runs of the speed suite say and draw, from results that were made up."""

import json
import shutil

import pytest

from benchmarks.speed import growth
from benchmarks.speed.__main__ import BENCHMARKS, LONG, asked_for, spelt_out
from benchmarks.speed.plot import committed, drawn, main
from benchmarks.speed.tables import speed_tables
from benchmarks.speed.whole import _ratios
from benchmarks.tables import RESULTS

COSTS = {"wall_s": 20.0, "cpu_s": 30.0}
PERSONS = {"true": 800, "estimated": 808, "error": 8, "relative_error": 0.01}
QUALITY = {"pairs": {"all": {"f1": 0.9654}}, "persons": PERSONS}
SPLINK = {"method": "Splink, p ≥ 0.5", "version": "5.0.0", "wall_s": 40.0, "cpu_s": 60.0, "peak_memory_mb": 4000.0, **QUALITY}


def whole(**changed):
    stage = {"name": "block", "parts": 3, **COSTS, "peak_memory_mb": 1000.0}
    steps = {"seal": {**COSTS, "bytes": 5_000_000}, "receive": COSTS, "export": {"wall_s": 2.0, "cpu_s": 3.0}}
    told = {"estimated": 804, "relative_error": 0.005, "low": 790, "high": 815, "covers": True}
    link = {**COSTS, "peak_memory_mb": 1000.0, "stages": [stage]}
    made = {
        "protocol": "national",
        "records": 1000,
        "memory_gb": 2,
        **steps,
        "link": link,
        "pairs_compared": 4321,
        "quality": QUALITY,
        "certainty": told,
    }
    return {**made, "splink": SPLINK, "ratios": _ratios(made, SPLINK), **changed}


def grown(exponent=1.0):
    points = [
        {
            "records": n,
            "cpu_s": n**exponent / 1e4,
            "wall_s": n / 2e4,
            "peak_memory_mb": 300 + n / 1e3,
            "pairs_compared": 7 * n,
            "pair_f1": 0.96,
            "persons": PERSONS,
            "cpu_s_of_each": [n**exponent / 1e4] * 3,
        }
        for n in growth.SIZES
    ]
    large = points[2:]
    exponents = {"all": growth._exponents(points), "large": {"from": large[0]["records"], **growth._exponents(large)}}
    return {"protocol": "national", "memory_gb": 2, "points": points, "exponents": exponents, "per_row": growth._per_row(large)}


@pytest.mark.parametrize("exponent", [0.9, 1.0, 1.2])
def test_the_exponent_of_a_power_is_found_and_a_record_at_the_end_costs_accordingly(exponent):
    result = grown(exponent)
    for fit in (result["exponents"]["all"], result["exponents"]["large"]):
        assert fit["cpu_s"] == pytest.approx(exponent, abs=1e-3)
        assert fit["pairs_compared"] == 1
    assert result["per_row"] == {
        "from": 1_000_000,
        "to": 10_000_000,
        "cpu_s": pytest.approx(10 ** (exponent - 1), abs=1e-3),
        "wall_s": 1,
    }


def test_there_is_no_exponent_where_a_figure_is_missing():
    assert growth._exponent([10, 100], [1.0, None]) is None
    assert growth._exponent([10], [1.0]) is None


def test_ratios_are_ours_over_the_peers_with_the_export_of_the_person_map():
    assert whole()["ratios"] == {"wall_s": 0.55, "cpu_s": 0.55, "peak_memory_mb": 0.25}
    assert _ratios(whole(), {**SPLINK, "peak_memory_mb": None})["peak_memory_mb"] is None


def test_the_page_says_what_both_took_what_they_found_and_what_the_run_says_of_itself():
    text = speed_tables({"results": {"whole1m": whole()}})
    assert "| `link` | 20.0 | 30.0 | 1,000 | 0.9654 | +1.0% |" in text
    assert "| Splink 5.0.0, p ≥ 0.5 | 40.0 | 60.0 | 4,000 | 0.9654 | +1.0% |" in text
    assert "CPU seconds 0.55, wall seconds 0.55; memory of `link` 0.25" in text
    assert "estimates 804 (+0.5%), between 790 and 815, which covers the truth" in text
    assert "| `block` | 3 |" in text


def test_the_page_says_when_splink_was_not_run_and_when_two_linkages_differ():
    told = {"splink": {"method": "Splink", "skipped": "it is not there"}, "ratios": {}, "first_link": COSTS, "equal": False}
    text = speed_tables({"results": {"whole": whole(**told)}})
    assert "Splink was not run: it is not there." in text
    assert "20.0 s wall and 30.0 s CPU. THEY DIFFER." in text


def test_the_page_shows_growth_by_size_with_both_fits():
    text = speed_tables({"results": {"growth": grown()}})
    assert "| 1,000,000 | 3 | 7,000,000 | 50.0 | 100.0 | 100 | 1,300 | 0.9600 | +1.0% |" in text
    assert "| from 10,000 | 1.00 | 1.00 |" in text
    assert "| from 1,000,000 | 1.00 | 1.00 |" in text
    assert "A record at 10,000,000 takes 1.00 times the CPU seconds" in text


def test_the_drawing_is_the_same_for_the_same_results_and_shows_the_peer_where_it_was_run():
    pytest.importorskip("matplotlib")
    alone, both = {"growth": grown()}, {"growth": grown(), "whole1m": whole(records=1_000_000)}
    assert drawn(alone) == drawn(alone) != drawn(both)
    assert b"Splink" in drawn(both)
    assert b"Splink" not in drawn({**alone, "whole1m": {"splink": {"skipped": "it is not there"}}})


def test_the_drawing_is_made_from_the_committed_results_of_one_file_or_several(tmp_path):
    pytest.importorskip("matplotlib")
    shutil.copy(RESULTS / "speed.json", tmp_path)
    (tmp_path / "growth.json").write_text(json.dumps({"results": {"growth": grown()}}), "utf-8")
    assert {"kernels", "growth"} <= set(committed(tmp_path))
    assert main(["--results", str(tmp_path), "-o", str(tmp_path / "growth.svg")]) == 0
    assert (tmp_path / "growth.svg").read_bytes() == drawn(committed(tmp_path))


def test_without_a_result_there_is_nothing_to_draw(tmp_path, capsys):
    (tmp_path / "speed.json").write_text('{"results": {}}', "utf-8")
    with pytest.raises(SystemExit) as refused:
        main(["--results", str(tmp_path), "-o", str(tmp_path / "growth.svg")])
    assert refused.value.code == 2
    assert "no result of growth" in capsys.readouterr().err
    assert not (tmp_path / "growth.svg").exists()


def test_what_takes_long_runs_only_where_it_is_named():
    assert set(BENCHMARKS) - set(asked_for([])) == set(LONG) == {"whole1m", "growth"}
    assert set(asked_for(["growth"])) == set(asked_for(["--small"])) == set(BENCHMARKS)
    assert spelt_out(["--long", "--peers", "x"]) == [*BENCHMARKS, "--peers", "x"]
    assert spelt_out(["whole1m"]) == ["whole1m"]
