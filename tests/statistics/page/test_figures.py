from linkage.statistics.figures import HIDDEN, NOBODY, Figure, at, figures, periods, shown, stages, values


def test_a_figure_is_found_by_what_it_counts(restricted):
    found = figures(restricted.cells, "victim")
    assert at(found, "sex_age", role="victim", stage="DET", year="2018", sex="M", age_group="Y0T17").count == 6
    assert at(found, "overlap", role="victim", agency="ngo", other="ngo").count == 134


def test_the_rule_tells_apart_only_tables_that_have_two(restricted):
    found = figures(restricted.cells.replace({"rule": {"_T": "principal"}}), "victim")
    of = {"role": "victim", "stage": "DET", "year": "2018"}
    assert at(found, "sex_age", **of).count == 40
    assert (
        at(found, "article", rule="any", article="130.1", **of).count
        > at(found, "article", rule="principal", article="130.1", **of).count
    )


def test_a_cell_that_is_not_there_is_a_zero_if_it_could_have_been(restricted):
    found, of = figures(restricted.cells, "victim"), {"role": "victim", "stage": "DET", "year": "2018"}
    assert at(found, "sex_age", **of | {"year": "1999"}) == NOBODY
    assert at(found, "sex_age", sex="_U", **of) == NOBODY
    assert at(found, "region", rule="principal", region="TJ-XX", **of) == NOBODY
    assert at(found, "overlap", role="victim", agency="ngo", other="nobody") == NOBODY


def test_what_is_not_counted_in_this_detail_is_no_zero(restricted):
    """The public tier leaves a breakdown out, a year's places, or a table."""
    cells, of = restricted.cells, {"role": "victim", "stage": "DET"}
    of_region = (cells["table"] == "region") & (cells["year"] == "2018")
    by_sex = (cells["table"] == "sex_age") & (cells["sex"] != "_T")
    found = figures(cells[~of_region & ~by_sex & (cells["table"] != "article")], "victim")
    assert at(found, "region", rule="principal", region="TJ-SU", year="2018", **of) is None
    assert at(found, "region", rule="principal", region="TJ-SU", year="2017", **of).count > 0
    assert at(found, "sex_age", sex="M", year="2018", **of) is None
    assert at(found, "sex_age", age_group="_U", year="2018", **of) == NOBODY
    assert at(found, "article", rule="any", article="130.1", year="2018", **of) is None
    assert at(figures(cells, "offender"), "cohort", role="offender", year="2018", lag="7") is None
    assert [shown(one) for one in (None, HIDDEN, NOBODY)] == ["[x]", "[c]", 0]


def test_of_a_hidden_cell_nothing_remains(public, hidden_as):
    for publication in (public, hidden_as((3, 2, 4), ("secondary", "primary"))):
        found = figures(publication.cells, "offender")
        assert at(found, "sex_age", role="offender", stage="CON", year="2018", sex="M") is HIDDEN
        assert (HIDDEN.count, HIDDEN.low, HIDDEN.high, HIDDEN.hidden, HIDDEN.stated, HIDDEN.open) == (
            -1,
            -1,
            -1,
            True,
            False,
            False,
        )


def test_a_figure_of_one_role_is_not_found_among_those_of_the_other(restricted):
    assert at(figures(restricted.cells, "offender"), "sex_age", role="victim", stage="DET", year="2018") == NOBODY


def test_an_interval_is_open_only_if_it_is_more_than_the_count():
    assert Figure(5, 4, 6).open
    assert not Figure(5, 5, 5).open
    assert not Figure(5).open
    assert Figure(5, 5, 5).stated


def test_codes_stand_in_a_readers_order(restricted):
    found = figures(restricted.cells, "victim")
    assert values(found, "sex_age", "sex") == ("_T", "F", "M", "_U")
    assert values(found, "region", "region")[-1] == "_U"
    assert stages(found) == ("_T", "DET", "ASS", "REP")
    assert periods(("_T", "2018", "_U", "2016-2018", "2015")) == ("2015", "2016-2018", "2018")
