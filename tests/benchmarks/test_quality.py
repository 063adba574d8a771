"""Every benchmark of quality runs at its tiny size, so that none can rot; its figures are looked at for sense."""

import pytest

from benchmarks.quality.peers import PEERS
from benchmarks.quality.sets import SETS
from linkage.protocol import READY

METHODS = ["headcount", "equal name and birth date"]


@pytest.fixture(scope="module")
def quality(finished, tmp_path_factory):
    return finished("quality", tmp_path_factory.mktemp("quality"))


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


def test_without_the_practice_data_tiny_sets_are_invented(finished, tmp_path):
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


def test_a_result_says_what_it_was_measured_on_and_that_it_was_tiny(quality):
    whole, done = quality
    assert whole["small"]
    assert whole["command"].startswith("python -m benchmarks.quality ")
    assert whole["machine"]["cores"] >= 1
    assert set(READY) == set(whole["machine"]["protocols"])
    assert "these figures mean nothing" in done.stderr
    assert done.stdout.count("###") == len(whole["results"]) + 1  # itself
