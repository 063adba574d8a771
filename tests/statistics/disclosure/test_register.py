import importlib.util
from pathlib import Path

import pandas as pd
import pytest

from linkage.errors import DisclosureError, TamperedError, UsageError
from linkage.statistics.disclosure import protect
from linkage.statistics.register import INDEX_FILE, check_differencing, digest_of_cells, read_register, register_release
from linkage.statistics.sensitivity import rules_of

_spec = importlib.util.spec_from_file_location("made", Path(__file__).with_name("made.py"))
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)

PROTOCOL = "cd" * 32


@pytest.fixture
def released(tmp_path, protocol):
    """A register with one release: two regions by sex."""
    cells = protect(made.crossed([[30, 40], [20, 30]]), protocol, "public")
    register_release(tmp_path / "register", "2018, first", PROTOCOL, cells)
    return tmp_path / "register", cells


def test_what_was_registered_is_read_back(released):
    folder, cells = released
    (only,) = read_register(folder)
    pd.testing.assert_frame_equal(only.cells, cells, check_index_type=False)
    assert (only.entry.name, only.entry.sha256) == ("2018, first", digest_of_cells(cells))


def test_no_register_has_no_releases(tmp_path):
    assert read_register(tmp_path / "none") == ()


def test_registering_the_same_release_again_changes_nothing(released):
    folder, cells = released
    before = (folder / INDEX_FILE).read_bytes()
    register_release(folder, "2018, first", PROTOCOL, cells)
    assert (folder / INDEX_FILE).read_bytes() == before


def test_another_release_of_the_same_name_is_refused(released):
    folder, _ = released
    with pytest.raises(UsageError):
        register_release(folder, "2018, first", PROTOCOL, made.crossed([[50, 50]]))


def test_releases_stay_in_their_order(released, protocol):
    folder, _ = released
    register_release(folder, "2019", PROTOCOL, made.crossed([[9, 9]], year="2019"))
    assert [release.entry.name for release in read_register(folder)] == ["2018, first", "2019"]


@pytest.mark.parametrize("damage", ["count", "missing", "index", "form"])
def test_a_damaged_register_is_refused_with_the_name_of_the_file(released, damage):
    folder, _ = released
    file = next(folder.glob("0001-*.csv"))
    if damage == "count":
        file.write_text(file.read_text().replace(",30,", ",31,", 1))
    elif damage == "missing":
        file.unlink()
    else:
        file = folder / INDEX_FILE
        file.write_text('{"releases": 1}' if damage == "index" else '{"format": "other/9", "releases": []}')
    with pytest.raises(TamperedError) as caught:
        read_register(folder)
    assert caught.value.file == str(file)


def test_a_release_that_differs_by_one_person_from_an_earlier_one_is_refused(released, protocol):
    folder, _ = released
    moved = made.crossed([[31, 40], [20, 30]])
    with pytest.raises(DisclosureError) as caught:
        check_differencing(moved, read_register(folder), rules_of(protocol))
    message = str(caught.value)
    assert "table region, role victim" in message
    assert "table sex_age, role victim" in message
    assert not any(told in message for told in ("31", "30", "2018"))


@pytest.mark.parametrize("table", [[[30, 40], [20, 30]], [[36, 40], [20, 30]], [[25, 40], [20, 30]]])
def test_a_release_that_is_the_same_or_differs_by_five_passes(released, protocol, table):
    folder, _ = released
    check_differencing(made.crossed(table), read_register(folder), rules_of(protocol))


def test_protecting_against_the_register_makes_a_release_that_passes(released, protocol):
    folder, _ = released
    register = read_register(folder)
    moved = made.crossed([[31, 40], [20, 30]])
    shown = protect(moved, protocol, "public", earlier=[release.cells for release in register])
    check_differencing(shown, register, rules_of(protocol))


def test_a_longer_period_less_an_earlier_shorter_one_is_a_count_too(tmp_path, protocol):
    old = made.cells_of(({"table": "region", "region": "A", "year": "2022-2023"}, 40))
    register_release(tmp_path, "old", PROTOCOL, old)
    for count, refused in ((42, True), (46, False)):
        new = made.cells_of(({"table": "region", "region": "A", "year": "2022-2024"}, count))
        if refused:
            with pytest.raises(DisclosureError):
                check_differencing(new, read_register(tmp_path), rules_of(protocol))
        else:
            check_differencing(new, read_register(tmp_path), rules_of(protocol))
