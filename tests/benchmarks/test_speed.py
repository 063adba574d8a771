"""Every benchmark runs at its tiny size, so that none can rot; its figures are looked at for sense, not for speed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.privacy.attacks import TINY
from benchmarks.privacy.default import BARS, control_of, highest
from benchmarks.privacy.people import LISTS
from benchmarks.privacy.tables import privacy_tables
from benchmarks.quality.peers import PEERS
from benchmarks.quality.sets import SETS
from linkage.protocol import READY

ROOT = Path(__file__).parents[2]
METHODS = ["headcount", "equal name and birth date"]


def run_suite(suite, file, *more):
    command = [sys.executable, "-m", f"benchmarks.{suite}", *more, "--small", "--json", str(file)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)


def finished(suite, folder, *more):
    done = run_suite(suite, folder / f"{suite}.json", *more)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / f"{suite}.json").read_text("utf-8")), done


@pytest.fixture(scope="module")
def quality(tmp_path_factory):
    return finished("quality", tmp_path_factory.mktemp("quality"))


@pytest.fixture(scope="module")
def speed(tmp_path_factory):
    return finished("speed", tmp_path_factory.mktemp("speed"))


@pytest.fixture(scope="module")
def privacy(tmp_path_factory):
    return finished("privacy", tmp_path_factory.mktemp("privacy"), "default")


@pytest.mark.parametrize("name", sorted(SETS))
def test_every_set_is_linked_beside_the_count_by_hand_and_names_the_peers_it_lacks(quality, name):
    ours, by_hand, *peers = quality[0]["results"][name]["methods"]
    assert [ours["method"], by_hand["method"]] == METHODS
    assert ours["persons"]["estimated"] > 0
    assert 0 < ours["blocking"]["kept"] <= 1
    assert [peer["method"] for peer in peers] == [peer.method for peer in PEERS]
    assert all("benchmarks.baselines.install" in peer["skipped"] for peer in peers)


@pytest.mark.parametrize("name", ["febrl4", "febrl4-all", "febrl3", "synth100k"])
def test_quality_in_memory_beats_the_count_by_hand(quality, name):
    ours, by_hand, *_ = quality[0]["results"][name]["methods"]
    assert ours["pairs"]["all"]["f1"] > by_hand["pairs"]["all"]["f1"] > 0.2


def test_tipsim_runs_all_roles_commands_and_agrees_with_the_scorer_where_that_is_there(quality):
    result = quality[0]["results"]["tipsim"]["sets"]["small"]
    assert {"protocol", "keys", "seal", "receive", "link", "export", "report", "evaluate"} == set(result["spent"])
    assert result["methods"][0]["pairs"]["all"]["f1"] > result["methods"][1]["pairs"]["all"]["f1"] > 0.1
    assert result["scorer"].get("agrees", "skipped" in result["scorer"])


def test_tipsim_m_is_linked_in_memory_under_its_own_protocol(quality):
    result = quality[0]["results"]["tipsim-m"]
    ours, by_hand, *_ = result["sets"]["small"]["methods"]
    assert result["protocol"] == "tip"
    assert ours["pairs"]["all"]["f1"] > by_hand["pairs"]["all"]["f1"]


def test_the_best_threshold_of_the_ablation_is_at_least_as_good_as_the_one_in_force(quality):
    result = quality[0]["results"]["ablation"]
    assert set(result["sets"]) == {"FEBRL 4", "TIP-SIM M"}
    for schemes in result["sets"].values():
        assert list(schemes) == ["locked/1", "fields/1"]
        for one in schemes.values():
            assert one["best"]["f1"] >= one["own"]["f1"] > 0.5
            assert one["own"]["threshold"] == 500


def test_without_the_practice_data_tiny_sets_are_invented(tmp_path):
    names = ["multilink", "synth100k", "tipsim", "tipsim-m"]
    whole, _ = finished("quality", tmp_path, *names, "--data", str(tmp_path / "absent"))
    assert list(whole["results"]) == names
    invented = whole["results"]["tipsim"]["sets"]["small"]
    assert "absent" in invented["scorer"]["skipped"]
    for result in (invented, whole["results"]["tipsim-m"]["sets"]["small"], whole["results"]["synth100k"]):
        assert result["methods"][0]["pairs"]["all"]["f1"] > 0.9


def test_the_demo_is_compared_with_its_truth(quality):
    seed = quality[0]["results"]["demo"]["seeds"]["1"]
    assert seed["equal"]
    assert seed["unique"] == seed["truth"]
    assert sum(seed["unique"]["victims"].values()) == 40 < seed["added_up"]["victims"]


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


def test_the_demo_is_timed_and_must_equal_its_truth(speed):
    demo = speed[0]["results"]["demo"]
    assert demo["holds"]
    assert demo["warm"]["wall_s"] > 0


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


def test_every_attack_is_made_on_every_list_under_the_default_and_its_controls(privacy):
    result = privacy[0]["results"]["default"]
    assert result["holds"]
    assert {result["default"], *map(control_of, BARS)} == set(result["schemes"])
    for of_lists in result["schemes"].values():
        assert set(of_lists) == set(LISTS)
        assert len({*map(tuple, of_lists.values())}) == 1, "each list is attacked alike"
        assert all(0 <= share <= 1 for attacks in of_lists.values() for seen in attacks.values() for share in seen)
    for family in BARS:
        assert highest(result["schemes"][result["default"]], family) >= 0
    assert set(result["between epochs"]) == {str(seed) for seed in result["seeds"]}


def test_at_its_tiny_size_the_control_of_every_attack_falls_and_the_default_does_not(privacy):
    """So few people are named more often by chance than the bars allow, but not by half."""
    schemes = privacy[0]["results"]["default"]["schemes"]
    named = {
        family: [highest(schemes[scheme], family) for scheme in (control_of(family), privacy[0]["results"]["default"]["default"])]
        for family, (_, least) in BARS.items()
        if least > 0 and family != "dictionary, right key"
    }
    assert len(named) == 6
    assert all(control >= 0.5 > 0.2 >= ours for control, ours in named.values()), named
    assert TINY.lists == (40,)


def test_the_tables_of_privacy_are_made_from_its_results(privacy):
    whole, done = privacy
    assert whole["small"]
    assert done.stdout == privacy_tables(whole) + "\n"
    assert done.stdout.count("###") == 1
    assert "these figures mean nothing" in done.stderr


@pytest.mark.parametrize("suite", ["quality", "speed"])
def test_a_result_says_what_it_was_measured_on_and_that_it_was_tiny(suite, request):
    whole, done = request.getfixturevalue(suite)
    assert whole["small"]
    assert whole["command"].startswith(f"python -m benchmarks.{suite} --small")
    assert whole["machine"]["cores"] >= 1
    assert set(READY) == set(whole["machine"]["protocols"])
    assert "these figures mean nothing" in done.stderr
    of_themselves = suite == "quality"
    assert done.stdout.count("###") == len(whole["results"]) + of_themselves


def test_an_unknown_benchmark_is_refused(tmp_path):
    done = run_suite("speed", tmp_path / "speed.json", "warp")
    assert done.returncode == 2
    assert "warp" in done.stderr
    assert not (tmp_path / "speed.json").exists()
