import pandas as pd
import pytest

from linkage.protocol import ready_protocol
from linkage.statistics.cells import COHORT
from linkage.statistics.cohort import LAGS, last_year
from linkage.statistics.counts import count, presence

TIP = ready_protocol("tip")


@pytest.fixture
def reached(records):
    """(year of first suspicion, lag) to the furthest stage of each cohort and its persons, sex apart or not."""

    def build(*rows, sex="_T"):
        cells = count(records(*rows), TIP)
        cells = cells[(cells["table"] == COHORT) & (cells["sex"] == sex)]
        found = {}
        for row in cells.itertuples(index=False):
            found.setdefault((row.year, row.lag), {})[row.stage] = row.count
        return found

    return build


def offender(number, person, stage, date, sex="M"):
    return ("police", str(number), person, "offender", stage, date, sex)


LAST = offender(99, "last", "DEP", "2020-01-01")


def test_each_person_stands_under_the_furthest_stage_reached_so_many_years_later(reached):
    rows = [
        offender(1, "A", "SUS", "2018-02-01"),
        offender(2, "A", "PRO", "2018-06-01"),
        offender(3, "A", "CON", "2020-01-01"),
        offender(4, "B", "SUS", "2018"),
    ]
    assert reached(*rows) == {
        ("2018", "0"): {"PRO": 1, "SUS": 1, "_T": 2},
        ("2018", "1"): {"PRO": 1, "SUS": 1, "_T": 2},
        ("2018", "2"): {"CON": 1, "SUS": 1, "_T": 2},
    }


def test_a_person_is_in_the_cohort_of_the_first_suspicion_alone(reached):
    rows = [offender(1, "A", "SUS", "2019"), offender(2, "A", "SUS", "2018"), offender(3, "A", "CON", "2019"), LAST]
    assert reached(*rows) == {("2018", "0"): {"SUS": 1, "_T": 1}} | {("2018", lag): {"CON": 1, "_T": 1} for lag in "12"}


def test_what_happened_before_the_first_suspicion_belongs_to_an_earlier_case(reached):
    rows = [offender(1, "A", "CON", "2017"), offender(2, "A", "SUS", "2020")]
    assert reached(*rows) == {("2020", "0"): {"SUS": 1, "_T": 1}}


@pytest.mark.parametrize(("stages", "furthest"), [(("PRO", "ACQ"), "ACQ"), (("ACQ", "CON"), "CON"), (("DEP",), "SUS")])
def test_acquittal_stands_before_conviction_and_deportation_moves_nobody_on(reached, stages, furthest):
    rows = [offender(1, "A", "SUS", "2020"), *(offender(n, "A", stage, "2020-05-05") for n, stage in enumerate(stages, 2))]
    assert reached(*rows) == {("2020", "0"): {furthest: 1, "_T": 1}}


@pytest.mark.parametrize("row", [offender(1, "A", "CON", "2019"), offender(1, "A", "SUS", ""), offender(1, "A", "DEP", "2018")])
def test_without_a_dated_suspicion_there_is_no_cohort(reached, row):
    assert reached(row, LAST) == {}


def test_a_cohort_is_followed_to_the_last_year_of_any_record_and_no_further_than_the_longest_lag(reached):
    first = offender(1, "A", "SUS", "2001")
    assert [lag for _, lag in reached(first, ("ngo", "2", "V", "victim", "ASS", "2003"))] == ["0", "1", "2"]
    assert len(reached(first, LAST)) == LAGS + 1


def test_the_horizon_says_how_far_a_part_of_the_records_is_followed(records):
    frame = records(offender(1, "A", "SUS", "2018"), LAST)
    assert last_year(frame, TIP) == 2020
    part = presence(frame[frame["person_id"] == "A"], TIP, horizon=last_year(frame, TIP))
    assert sorted(set(part.loc[part["table"] == COHORT, "lag"])) == ["0", "1", "2"]


def test_sexes_add_up_to_the_cohort(reached):
    rows = [offender(n, f"P{n}", "SUS", "2020", sex) for n, sex in enumerate("FFM")]
    assert [reached(*rows, sex=sex)["2020", "0"]["SUS"] for sex in ("F", "M", "_T")] == [2, 1, 3]


def test_victims_have_no_cohort(year_2018):
    cells = count(year_2018, TIP)
    cohorts = cells[cells["table"] == COHORT]
    assert set(cohorts["role"]) == {"offender"}
    assert isinstance(cohorts, pd.DataFrame)
