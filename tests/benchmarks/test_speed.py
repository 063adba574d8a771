"""Every benchmark of speed runs at its tiny size, so that none can rot; its figures are looked at for sense, not for speed."""

from pathlib import Path

import pytest

from benchmarks.runner import Settings
from benchmarks.speed import demo
from benchmarks.speed.__main__ import BENCHMARKS
from linkage.protocol import READY

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def speed(finished, tmp_path_factory):
    return finished("speed", tmp_path_factory.mktemp("speed"), *(name for name in BENCHMARKS if name != "demo"))


def test_kernels_are_measured_against_twins_that_agree(speed):
    kernels = speed[0]["results"]["kernels"]
    assert [join["threshold_permille"] for join in kernels["dice_join"]] == [800, 700]
    for one in (kernels["dice_join"][0]["one_thread"], kernels["dice_permille"], kernels["token_join"]):
        assert one["pairs_per_cpu_s"] > 0
    assert 0 < kernels["dice_join"][0]["pairs_found"] <= kernels["dice_join"][1]["pairs_found"]


def test_the_join_is_measured_beside_peers_or_says_which_it_lacks(speed):
    kernels = speed[0]["results"]["kernels"]
    for one in (*kernels["beside_peers"], *kernels["of_less"].values()):
        assert one["pairs_found"] > 0
        assert one["tools"]["ours"]["times_slower"] == 1
        assert set(one["skipped"]) == {"anonlink", "faiss"}
        assert all("benchmarks.baselines.install" in why for why in one["skipped"].values())


def test_encoding_is_measured_by_stage(speed):
    encode = speed[0]["results"]["encode"]
    assert list(encode["stages"]) == ["check", "normalise", "tokens", "withhold", "filters", "content", "locks"]
    assert encode["rows_per_cpu_s"] > encode["twin"]["rows_per_cpu_s"] > 0
    assert encode["one_filter"]["rows_per_cpu_s"] > 0


def test_sealing_is_measured_from_file_to_files_with_its_stages(speed):
    seal = speed[0]["results"]["seal"]
    assert list(seal["schemes"]) == ["national, locked/1"]
    for one in seal["schemes"].values():
        assert {"read_extract", "features", "encode_tokens", "write_linking", "seal_to"} <= set(one["stages"])
        assert set(one["sealed_bytes"]) == {"linking.age", "content.age", "register.csv"}
        assert one["rows_per_cpu_s"] > 0


def test_a_linkage_is_measured_in_a_process_of_its_own_with_memory_and_stages(speed):
    link = speed[0]["results"]["link100k"]
    told = {"encode_frame", "propose", "compare_all", "count", "fit", "cluster", "refits", "certainty"}
    assert told <= set(link["stages"])
    assert sum(stage["wall_s"] for stage in link["stages"].values()) <= link["wall_s"] <= link["process"]["wall_s"]
    assert link["peak_memory_mb"] is None or link["peak_memory_mb"] > 50


@pytest.mark.parametrize("name", ["whole", "whole1m"])
def test_a_whole_linkage_goes_through_the_commands_and_is_judged_by_the_truth(speed, name):
    whole = speed[0]["results"][name]
    assert all(whole[step]["cpu_s"] > 0 for step in ("seal", "receive", "link", "export"))
    assert {"open", "block", "compare", "estimate", "cluster", "publish"} <= {stage["name"] for stage in whole["link"]["stages"]}
    assert whole["link"]["peak_memory_mb"] is None or whole["link"]["peak_memory_mb"] > 50
    assert whole["seal"]["bytes"] > 1000 * whole["records"]
    assert whole["quality"]["pairs"]["all"]["f1"] > 0.9
    assert whole["certainty"]["low"] <= whole["certainty"]["estimated"] <= whole["certainty"]["high"]
    assert "benchmarks.baselines.install" in whole["splink"]["skipped"]


def test_a_second_linkage_in_a_new_workspace_answers_the_same(speed):
    twice, once = (speed[0]["results"][name] for name in ("whole", "whole1m"))
    assert twice["holds"] and twice["equal"]
    assert twice["first_link"]["cpu_s"] > 0
    assert "first_link" not in once
    assert (twice["memory_gb"], once["memory_gb"]) == (None, 0.5)


def test_growth_has_a_point_for_each_size_and_an_exponent_for_each_figure(speed):
    growth = speed[0]["results"]["growth"]
    sizes = [one["records"] for one in growth["points"]]
    assert sizes == sorted(sizes)
    assert all(one["pairs_compared"] > 0 and one["pair_f1"] > 0.9 for one in growth["points"])
    assert set(growth["exponents"]["all"]) == {"cpu_s", "wall_s", "peak_memory_mb", "pairs_compared"}
    assert (growth["per_row"]["from"], growth["per_row"]["to"]) == (sizes[0], sizes[-1])


@pytest.mark.parametrize("equal", [True, False])
def test_the_demo_is_timed_and_must_equal_its_truth(equal, monkeypatch):
    """It is run for `quality`; here it is made up."""
    monkeypatch.setattr(demo, "run_demo", lambda _: {"equal": equal, "truth": {}, "wall_s": 2.0, "cpu_s": 1.5})
    result = demo.run(Settings(small=True, data=ROOT / "absent", peers=None))
    assert result == {"warm": {"wall_s": 2.0, "cpu_s": 1.5}, "holds": equal}


def test_a_result_says_what_it_was_measured_on_and_that_it_was_tiny(speed):
    whole, done = speed
    assert whole["small"]
    assert whole["command"].startswith("python -m benchmarks.speed ")
    assert whole["machine"]["cores"] >= 1
    assert set(READY) == set(whole["machine"]["protocols"])
    assert "these figures mean nothing" in done.stderr
    assert done.stdout.count("###") == len(whole["results"])


def test_an_unknown_benchmark_is_refused(run_suite, tmp_path):
    done = run_suite("speed", tmp_path / "speed.json", "warp")
    assert done.returncode == 2
    assert "warp" in done.stderr
    assert not (tmp_path / "speed.json").exists()
