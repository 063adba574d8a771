import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from linkage.errors import DisclosureError, UsageError
from linkage.statistics.cells import KEY, NOT_STATED, PRIMARY, SECONDARY, SHOWN
from linkage.statistics.counts import count
from linkage.statistics.disclosure import protect
from linkage.statistics.redesign import redesign
from linkage.statistics.sensitivity import rules_of

_spec = importlib.util.spec_from_file_location("made", Path(__file__).with_name("made.py"))
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)


@pytest.fixture(scope="module")
def public_2018(year_2018, protocol):
    cells, _ = redesign(year_2018, protocol, "public")
    return cells, protect(cells, protocol, "public")


def at(cells, **named):
    rows = cells[np.logical_and.reduce([cells[name] == word for name, word in named.items()])]
    return rows.set_index(["sex", "age_group"])


def test_the_four_convicted_men_and_what_reveals_them_are_hidden_in_every_table(public_2018):
    exact, shown = public_2018
    convicted = shown[(shown["stage"] == "CON") & (shown["unit"] == "PERSON")]
    truth = exact.set_index(KEY)["count"]
    true = truth.reindex(pd.MultiIndex.from_frame(convicted[KEY]), fill_value=0).to_numpy()
    men = convicted[true == 4]
    assert {"sex_age"} <= set(men["table"])
    assert (men["hidden"] == PRIMARY).all()
    sexes = at(shown, table="sex_age", year="2018", role="offender", stage="CON", unit="PERSON")["hidden"]
    assert SHOWN not in set(sexes[[("F", "_T"), ("_T", "_T")]]) or sexes["F", "_T"] == SECONDARY


def test_the_victims_of_2018_are_safe_as_they_are(public_2018):
    _, shown = public_2018
    detected = at(shown, table="sex_age", year="2018", role="victim", stage="DET", unit="PERSON")
    groups = [("M", "Y0T17"), ("F", "Y0T17"), ("M", "Y_GE18"), ("F", "Y_GE18"), ("_T", "_T")]
    assert detected["count"][groups].tolist() == [6, 5, 15, 14, 40]


def test_the_restricted_tier_shows_everything(year_2018, protocol):
    exact = count(year_2018, protocol)
    shown = protect(exact, protocol, "restricted")
    pd.testing.assert_frame_equal(shown, exact)


def test_a_tier_that_does_not_exist_is_refused(protocol):
    with pytest.raises(UsageError):
        protect(made.crossed([[9, 9]]), protocol, "open")


def test_the_same_cells_give_the_same_bytes_in_whatever_order(protocol):
    cells = made.crossed([[1, 9], [3, 10], [27, 4], [8, 8]])
    shuffled = cells.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(protect(cells, protocol, "public"), protect(shuffled, protocol, "public"))


@pytest.mark.parametrize(("role", "small", "large"), [("victim", 4, 5), ("offender", 2, 3)])
def test_totals_are_hidden_below_the_threshold_of_their_role(protocol, role, small, large):
    hidden = [protect(made.cells_of(({"role": role}, n)), protocol, "public")["hidden"].tolist() for n in (small, large)]
    assert hidden == [[PRIMARY], [SHOWN]]


def test_counts_by_sex_are_hidden_below_five_whatever_the_role(protocol):
    shown = protect(made.crossed([[4, 40], [20, 30]], role="offender"), protocol, "public")
    assert set(shown.loc[(shown["region"] == "A") & (shown["sex"] == "F"), "hidden"]) == {PRIMARY}


def test_a_waived_role_is_shown_and_another_is_not(protocol):
    cells = pd.concat([made.cells_of(({"role": role}, 2)) for role in ("victim", "offender")], ignore_index=True)
    shown = protect(cells, protocol, "public", rules=rules_of(protocol, waived=["offender"])).set_index("role")
    assert shown["hidden"].to_dict() == {"victim": PRIMARY, "offender": SHOWN}


def test_a_stricter_rule_hides_more(protocol):
    cells = made.cells_of(({}, 9))
    assert protect(cells, protocol, "public", rules=rules_of(protocol, stricter=10))["hidden"].tolist() == [PRIMARY]


def test_records_of_few_persons_are_hidden_with_them(protocol):
    cells = made.cells_of(({"stage": "DET"}, 3), ({"stage": "DET", "unit": "RECORD"}, 12), ({}, 50), ({"unit": "RECORD"}, 90))
    shown = protect(cells, protocol, "public").set_index(["stage", "unit"])["hidden"]
    assert shown["DET", "PERSON"] == PRIMARY
    assert shown["DET", "RECORD"] == SECONDARY


def test_a_small_count_is_not_divided_where_that_would_reveal_it(protocol):
    """One to four persons of which everybody knows that they are of four citizenships are one of each."""
    few = [({"table": "citizenship", "citizenship": code, "stage": "REP"}, 1) for code in ("UZB", "KGZ", "AFG", "RUS")]
    many = [({"table": "citizenship", "citizenship": code}, 20) for code in ("UZB", "KGZ", "AFG", "RUS", "TJK")]
    shown = protect(made.cells_of(({"stage": "REP"}, 4), ({}, 100), *few, *many), protocol, "public")
    of_few = shown[(shown["stage"] == "REP") & (shown["table"] == "citizenship")].set_index("citizenship")
    assert of_few["hidden"].to_dict() == dict.fromkeys(("UZB", "KGZ", "AFG", "RUS", "TJK"), SECONDARY)
    assert (of_few["count"] == NOT_STATED).all()


def test_that_all_victims_of_a_region_are_minors_is_not_told(protocol):
    ages = {"A": {"Y0T17": 12}, "B": {"Y0T17": 9, "Y_GE18": 20}, "C": {"Y0T17": 8, "Y_GE18": 30}}
    counts = [({"table": "region", "region": r, "age_group": a}, n) for r, of in ages.items() for a, n in of.items()]
    counts += [({"table": "region", "region": r}, sum(of.values())) for r, of in ages.items()]
    counts += [({"age_group": "Y0T17"}, 29), ({"age_group": "Y_GE18"}, 50), ({}, 79)]
    shown = protect(made.cells_of(*counts), protocol, "public")
    told = shown[(shown["table"] == "region") & (shown["region"] == "A")].set_index("age_group")["hidden"]
    assert told["Y0T17"] == SECONDARY
    assert told["Y_GE18"] == SECONDARY, "the zero that says it is hidden, too"
    others = shown[(shown["age_group"] == "Y_GE18") & (shown["region"] != "A")]
    assert (others["hidden"] != SHOWN).any(), "and cannot be worked out from the column"


def test_that_all_victims_everywhere_are_adults_is_no_secret_of_a_region(protocol):
    counts = [({"table": "region", "region": r, "age_group": a}, n) for r, n in (("A", 12), ("B", 30)) for a in ("Y_GE18", "_T")]
    shown = protect(made.cells_of(*counts, ({"age_group": "Y_GE18"}, 42), ({}, 42)), protocol, "public")
    assert (shown["hidden"] == SHOWN).all()


def test_intervals_go_with_their_cells_and_with_the_parts_beside_them_but_not_with_the_total(protocol):
    cells = made.crossed([[4, 40], [20, 30], [25, 35]])
    cells = cells.assign(low=cells["count"] - 1, high=cells["count"] + 2)
    shown = protect(cells, protocol, "public")
    assert (shown["hidden"] != SHOWN).any()
    assert (shown.loc[shown["hidden"] != SHOWN, ["low", "high"]] == NOT_STATED).all(axis=None)
    total = shown[(shown["region"] == "_T") & (shown["sex"] == "_T")].iloc[0]
    assert (total["low"], total["count"], total["high"]) == (153, 154, 156)
    beside = shown[(shown["hidden"] == SHOWN) & (shown["region"] != "_T") & (shown["sex"] == "F")]
    lines = shown[(shown["hidden"] != SHOWN)]["sex"]
    assert "F" in set(lines)
    assert (beside[["low", "high"]] == NOT_STATED).all(axis=None)


def test_a_count_that_moved_by_one_since_an_earlier_release_is_hidden(protocol):
    before = protect(made.crossed([[30, 40], [20, 30]]), protocol, "public")
    after = made.crossed([[31, 40], [20, 30]])
    assert (protect(after, protocol, "public")["hidden"] == SHOWN).all()
    shown = protect(after, protocol, "public", earlier=[before]).set_index(["region", "sex"])["hidden"]
    assert shown["A", "F"] == SECONDARY
    assert shown["A", "M"] == SHOWN


def test_what_an_earlier_release_told_does_not_protect_anything(protocol):
    """Hiding the 40 men would protect the 4 women, had they not been published before."""
    cells = made.crossed([[4, 40], [20, 30], [25, 35]])
    alone = protect(cells, protocol, "public").set_index(["region", "sex"])["hidden"]
    assert alone["A", "M"] == SECONDARY
    told = cells[(cells["region"] == "A") & (cells["sex"] == "M")]
    shown = protect(cells, protocol, "public", earlier=[told]).set_index(["region", "sex"])["hidden"]
    assert shown["A", "_T"] == SECONDARY


def test_a_refusal_names_the_kind_of_table_and_the_role_and_nothing_else(protocol):
    """Everything but one cell is known from earlier releases: no hiding can protect it."""
    cells = made.crossed([[4, 40], [20, 30]])
    told = cells[(cells["region"] != "A") | (cells["sex"] != "F")]
    with pytest.raises(DisclosureError) as caught:
        protect(cells, protocol, "public", earlier=[told])
    assert caught.value.exit_code == 8
    assert str(caught.value) == "counts that no hiding protects: table region, role victim"
