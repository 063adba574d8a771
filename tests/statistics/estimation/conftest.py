"""Published overlap tables that are small enough to stand here, and models by the names of their interactions."""

import numpy as np
import pytest

from linkage.statistics.estimation.captures import from_histories
from linkage.statistics.estimation.loglinear import fit, space

# Korea: Ball, Shin & Yang 2018. New Orleans: Bales, Murphy & Silverman 2020. Western US: Farrell et al., in Silverman 2020.
TABLES = {
    "korea": (("b", "c", "d"), {"001": 41, "010": 5, "100": 5, "101": 6, "110": 54, "111": 12}),
    "new_orleans": (
        ("A", "BEFG", "C", "D", "H"),
        {
            **{"00001": 21, "00010": 33, "00100": 70, "00110": 2, "01000": 24, "01001": 1, "01010": 2, "01100": 2},
            **{"10000": 25, "10010": 2, "10100": 1, "11000": 1, "11010": 1, "11100": 1},
        },
    ),
    "western_us": (
        ("A", "B", "C", "D", "E"),
        {
            **{"00001": 21, "00010": 45, "00011": 3, "00100": 114, "01000": 90, "01010": 1, "01100": 6, "01110": 1},
            **{"10000": 52, "10001": 5, "10010": 2, "10100": 4, "10101": 1},
        },
    ),
    "artificial": (("A", "B", "C"), {"001": 20, "010": 30, "100": 40, "110": 6}),
    "six": (
        ("A", "B", "C", "D", "E", "F"),
        {
            **{"100000": 40, "010000": 35, "001000": 50, "000100": 30, "000010": 25, "000001": 45, "110000": 20, "001001": 3},
            **{"000110": 4, "011000": 3, "100100": 2, "100001": 3, "010010": 2, "111000": 1, "000011": 2, "101000": 2},
        },
    ),
}


@pytest.fixture(scope="session")
def table():
    """`table("korea")`: one of the tables."""
    return lambda name: from_histories(*TABLES[name])


@pytest.fixture(scope="session")
def fitted():
    """`fitted(captures, "b:c", "c:d")`: persons, deviance, BIC and code of a model by its interactions."""

    def fit_named(captures, *interactions, order=2):
        among = space(len(captures.lists), order)
        fits = fit(captures.counts[None, :], named(captures, among, interactions)[None, :], among)
        return captures.persons + fits.hidden[0], fits.deviance[0], fits.bic[0], int(fits.code[0])

    return fit_named


@pytest.fixture(scope="session")
def model():
    """`model(captures, among, ("b:c",))`: which interactions."""
    return named


def named(captures, among, interactions):
    wanted = {sum(1 << captures.lists.index(name) for name in one.split(":")) for one in interactions}
    assert wanted <= set(among.interactions)
    return np.array([one in wanted for one in among.interactions], bool)
