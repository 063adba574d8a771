"""The attacks run at their tiny size, so that none can rot; what they name is looked at for sense."""

import pytest

from benchmarks.privacy.attacks import TINY
from benchmarks.privacy.default import BARS, control_of, highest
from benchmarks.privacy.people import LISTS
from benchmarks.privacy.tables import privacy_tables


@pytest.fixture(scope="module")
def privacy(finished, tmp_path_factory):
    return finished("privacy", tmp_path_factory.mktemp("privacy"), "default")


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
