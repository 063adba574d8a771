import pytest

from linkage.statistics.periods import is_broken, years_of


@pytest.mark.parametrize(
    ("period", "years"), [("2018", ("2018",)), ("2016-2018", ("2016", "2017", "2018")), ("_T", ("_T",)), ("_U", ("_U",))]
)
def test_a_period_has_its_years(period, years):
    assert years_of(period) == years


def test_a_period_that_ends_after_a_break_is_broken():
    assert is_broken("region", "TJ-DU", "2019-2021")
    assert not is_broken("region", "TJ-DU", "2018-2020")
    assert not is_broken("region", "TJ-DU", "_T")
    assert not is_broken("region", "TJ-SU", "2021")
