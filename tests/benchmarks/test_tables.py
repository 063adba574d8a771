import json
import subprocess
import sys
from pathlib import Path

from benchmarks.quality.__main__ import APART, BENCHMARKS
from benchmarks.quality.published import BAR
from benchmarks.speed.__main__ import BENCHMARKS as SPEED
from benchmarks.tables import LARGE, SUITES, large, page, read

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_the_committed_results_say():
    made = subprocess.run([sys.executable, "-m", "benchmarks.tables"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    written = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    assert made.stdout == written, "run: python -m benchmarks.tables > docs/benchmarks.md"


def test_committed_results_are_whole_and_not_tiny():
    for suite, names in (
        ("published", ["published"]),
        ("privacy", ["default"]),
        ("frontier", ["frontier"]),
        ("several", ["several"]),
        ("long_lists", ["long_lists"]),
    ):
        whole = read(suite)
        assert not whole["small"]
        assert list(whole["results"]) == names
        assert not [name for name, result in whole["results"].items() if "skipped" in result]


def test_the_committed_speed_is_not_tiny_and_of_benchmarks_that_there_are():
    for whole in (read("speed"), *large()):
        assert not whole["small"]
        assert [name for name in SPEED if name in whole["results"]] == list(whole["results"])
        assert not [name for name, result in whole["results"].items() if "skipped" in result]
    assert {"kernels", "encode", "link100k", "demo"} <= {name for whole in (read("speed"), *large()) for name in whole["results"]}


def test_the_results_of_large_runs_stand_on_the_page_where_there_are_any(tmp_path):
    assert large(tmp_path) == []
    quality, published, speed, *others = map(read, SUITES)
    for name in LARGE:
        whole = {**speed, "command": f"the command of {name}", "results": {"demo": {"skipped": f"no {name} here"}}}
        (tmp_path / f"{name}.json").write_text(json.dumps(whole), "utf-8")
    bare = {**speed, "results": {}}
    text = page(quality, published, bare, *others, *large(tmp_path))
    for name in LARGE:
        assert f"the command of {name}" in text
        assert f"Not measured: no {name} here." in text
        assert f"no {name} here" not in page(quality, published, bare, *others)


def test_the_committed_quality_is_whole_and_of_sets_that_there_are():
    whole = read("quality")
    assert not whole["small"]
    assert set(whole["results"]) == set(BENCHMARKS) - {"synth1m", *APART}  # a million records are beyond this version
    assert not [name for name, result in whole["results"].items() if "skipped" in result]


def test_a_changed_figure_changes_the_page():
    quality, *others = map(read, SUITES)
    changed = json.loads(json.dumps(quality))
    changed["results"]["febrl4"]["methods"][0]["pairs"]["all"]["f1"] = 0.1234
    assert "0.1234" in page(changed, *others)
    assert "0.1234" not in page(quality, *others)


def test_what_was_left_out_stands_on_the_page():
    quality, *others = (json.loads(json.dumps(read(suite))) for suite in SUITES)
    quality["results"]["tipsim"] = {"skipped": "the practice data is elsewhere"}
    quality["results"]["febrl4"]["methods"][2] = {"method": "another program", "skipped": "it is not there"}
    text = page(quality, *others)
    assert "Not measured: the practice data is elsewhere." in text
    assert "another program was not run: it is not there." in text


def test_the_committed_default_holds_every_bar_and_every_control_falls():
    result = read("privacy")["results"]["default"]
    assert result["holds"]
    assert not result["does not hold"]
    assert len(result["seeds"]) >= 3


def test_committed_intervals_cover_as_many_cells_as_they_must():
    result = read("published")["results"]["published"]
    assert result["holds"]
    assert len(result["sets"]) == 8
    assert min(one["cells"]["covered"] for one in result["sets"].values()) >= BAR
