import pytest

from linkage.errors import DisclosureError, UsageError
from linkage.protocol import Release
from linkage.statistics.counts import count
from linkage.statistics.disclosure import check_release, threshold


@pytest.fixture(scope="module")
def of_persons(records, protocol):
    """Cells of so many women detected, all alike."""

    def build(victims, offenders=0):
        rows = [
            ("police", f"v{n}", f"v{n}", "victim", "DET", "2018", "F", "Y_GE18", "TJ-SU", "130.1", "LAB", "TJK")
            for n in range(victims)
        ]
        rows += [
            ("court", f"o{n}", f"o{n}", "offender", "CON", "2018", "M", "Y_GE18", "TJ-SU", "130.1", "LAB", "TJK")
            for n in range(offenders)
        ]
        return count(records(*rows), protocol)

    return build


def test_the_public_tier_passes_counts_at_their_roles_threshold(of_persons, protocol):
    check_release(of_persons(5, 3), protocol.release, "public")


@pytest.mark.parametrize(("victims", "offenders", "role"), [(4, 3, "victim"), (5, 2, "offender")])
def test_one_person_fewer_is_refused_and_only_the_kind_of_table_and_the_role_are_named(
    of_persons, protocol, victims, offenders, role
):
    with pytest.raises(DisclosureError) as caught:
        check_release(of_persons(victims, offenders), protocol.release, "public")
    assert caught.value.exit_code == 8
    message = str(caught.value)
    assert f"table sex_age, role {role}" in message
    assert f"table region, role {role}" in message
    assert {"victim": "offender", "offender": "victim"}[role] not in message
    assert not any(told in message for told in ("TJ-SU", "2018", "DET", "CON", "130.1", "LAB", "TJK"))


def test_the_message_is_the_same_whatever_the_small_count_is(of_persons, protocol):
    told = set()
    for victims in (1, 2, 3, 4):
        with pytest.raises(DisclosureError) as caught:
            check_release(of_persons(victims), protocol.release, "public")
        told.add(str(caught.value))
    assert len(told) == 1


def test_one_small_value_of_a_dimension_refuses_the_release(records, protocol):
    rows = [("police", str(n), str(n), "victim", "DET", "2018", "F", "Y_GE18", "TJ-SU", "130.1", "LAB", "TJK") for n in range(20)]
    rows.append(("police", "x", "x", "victim", "DET", "2018", "F", "Y_GE18", "TJ-GB", "130.1", "LAB", "TJK"))
    with pytest.raises(DisclosureError, match=r"role: table region, role victim \(threshold 5\)$"):
        check_release(count(records(*rows), protocol), protocol.release, "public")


def test_the_restricted_tier_shows_exact_counts(of_persons, protocol):
    check_release(of_persons(1), protocol.release, "restricted")


def test_a_tier_that_does_not_exist_is_refused(of_persons, protocol):
    with pytest.raises(UsageError):
        check_release(of_persons(1), protocol.release, "open")


@pytest.mark.parametrize(("thresholds", "expected"), [({"victim": 7}, 7), ({"victim": 3}, 5), ({}, 5), ({"_U": 2, "victim": 9}, 2)])
def test_a_role_without_a_threshold_gets_the_strictest(thresholds, expected):
    assert threshold(Release(thresholds, 400), "_U") == expected
