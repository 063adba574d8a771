"""Every figure that `mse_tables.json` calls published or recomputed, in its printed precision."""

import json
from pathlib import Path

import numpy as np
import pytest

from linkage.statistics.estimation.captures import from_histories
from linkage.statistics.estimation.choice import downhill, every_model, ranked
from linkage.statistics.estimation.closed_forms import Z
from linkage.statistics.estimation.estimate import Search, estimate
from linkage.statistics.estimation.existence import existence
from linkage.statistics.estimation.loglinear import FITTED, fit, infinite, space

FILE = Path(__file__).parents[4] / "shared" / "data" / "mse_tables.json"
KNOWN = {one["name"]: one for one in json.loads(FILE.read_text("utf-8"))["tables"]} if FILE.exists() else {}
pytestmark = pytest.mark.skipif(not KNOWN, reason="the shared data are not here")

RECOMPUTED = [(name, at) for name, one in KNOWN.items() for at in range(len(one["recomputed"]))]
# What searches end at: (table, most lists in one interaction, which search, published persons).
SEARCHES = [
    ("korea", 2, ranked, 157.16667),
    ("new_orleans_8_n185", 2, downhill, 1184),
    ("new_orleans_8_n186", 2, downhill, 1110.488),
    ("new_orleans_8_n186", 3, downhill, 1110),
    ("new_orleans_5_n185", 2, ranked, 1034),
    ("new_orleans_5_n186", 5, ranked, 981),
    ("western_us_5", 2, ranked, 2483),
    ("uk_2013_6", 2, downhill, 12350),
    ("uk_2013_6", 3, downhill, 12350),
    ("uk_2013_5", 5, ranked, 25311),
    ("uk_2013_5", 2, ranked, 22991),
    ("uk_2013_5", 2, downhill, 12262),
    ("kosovo_4", 4, ranked, 10357),
    ("kosovo_4", 2, ranked, 14342),
]
# BCa intervals whose method is ours; the ends are drawn, so they agree as far as one seed agrees with another.
INTERVALS = [("korea", 2, (128, 349)), ("kosovo_4", 2, (12451, 16273)), ("kosovo_4", 4, (6947, 18010))]


def captures(name):
    one = KNOWN[name]
    return from_histories(tuple(one["lists"]), {cell["history"]: cell["count"] for cell in one["cells"]})


def agrees(found, printed):
    """Whether a figure is the printed one in the digits that are printed."""
    decimals = len(str(printed).partition(".")[2])
    return abs(found - printed) <= 0.5 * 10.0**-decimals + 1e-9


@pytest.mark.parametrize("name", KNOWN)
def test_a_table_holds_as_many_persons_as_it_says(name):
    assert captures(name).persons == KNOWN[name]["observed_n"]


@pytest.mark.parametrize(("name", "at"), RECOMPUTED)
def test_recomputed_fits_are_met_to_a_thousandth(name, at, model):
    table, told = captures(name), KNOWN[name]["recomputed"][at]
    among = space(len(table.lists))
    chosen = model(table, among, told["interactions"])
    fits = fit(table.counts[None, :], chosen[None, :], among)
    assert fits.code[0] == FITTED == existence(table, chosen, among)
    assert table.persons + fits.hidden[0] == pytest.approx(told["N_hat"], abs=1e-3)
    assert fits.deviance[0] == pytest.approx(told["deviance"], abs=1e-3)
    wide = np.exp(Z * fits.spread[0])
    found = (table.persons + fits.hidden[0] / wide, table.persons + fits.hidden[0] * wide)
    assert found == pytest.approx(told["log_normal_95ci"], abs=1.0)
    gone = infinite(table.counts[None, :], chosen[None, :], among)[0]
    assert (gone == model(table, among, told["boundary_minus_inf"])).all()


@pytest.mark.parametrize(("name", "order", "search", "persons"), SEARCHES)
def test_searches_end_at_the_published_estimate(name, order, search, persons):
    table = captures(name)
    found = search(table.counts, space(len(table.lists), order))
    assert agrees(table.persons + found.fits.hidden[0], persons)


@pytest.mark.parametrize("name", KNOWN)
def test_named_models_have_their_published_figures(name, fitted):
    """Figures of models that the file names by their terms: `[bc,cd]`, `-> D:E`, `main effects`."""
    table = captures(name)
    for told in KNOWN[name]["published"]:
        for interactions, persons in models_of(told, table.lists):
            found = fitted(table, *interactions)
            assert agrees(found[0], persons), told["method"]
            assert "BIC" not in told or agrees(found[2], told["BIC"])
            assert "deviance" not in told or agrees(found[1], told["deviance"])


def models_of(told, lists):
    """The model that a published row names, with its estimate; rows that name none are left to the searches."""
    method, persons = told["method"], told.get("N_hat")
    if isinstance(persons, dict):
        return [(terms(name), value) for name, value in persons.items()]
    if persons is not None and "[" in method:
        return [(terms(method[method.index("[") :].split("]")[0]), persons)]
    if persons is not None and ("-> D:E" in method or "selects" in method):
        return [((method.split()[-1] if "->" in method else method.split("selects ")[1].split()[0],), persons)]
    return [((), persons)] if persons is not None and "main effects" in method else []


def terms(written):
    return tuple(":".join(term) for term in written.strip("[]").split(",") if len(term) > 1)


def test_the_rows_that_name_a_model_are_found():
    found = [rows for one in KNOWN.values() for told in one["published"] if (rows := models_of(told, one["lists"]))]
    assert sum(map(len, found)) >= 10


def test_the_winner_of_the_united_kingdom_leads_by_one_and_says_twice_as_many():
    table = captures("uk_2013_5")
    found = ranked(table.counts, space(5))
    assert found.fits.bic[:2] == pytest.approx([196.540, 197.495], abs=1e-3)
    assert table.persons + found.fits.hidden[:2] == pytest.approx([22991.331, 12262.412], abs=1e-3)


def test_the_existence_codes_are_the_published_ones(model):
    table, among = captures("artificial_3"), space(3)
    (published,) = KNOWN["artificial_3"]["published"]
    for written, code in published["result"].items():
        assert existence(table, model(table, among, terms(written)), among) == code
    assert len(published["result"]) == len(every_model(among))


@pytest.mark.parametrize(("name", "order", "published"), INTERVALS)
def test_bootstrap_intervals_agree_with_the_published_ones(name, order, published):
    found = estimate(captures(name), Search(order=order)).interval
    assert found == pytest.approx(published, rel=0.1)
