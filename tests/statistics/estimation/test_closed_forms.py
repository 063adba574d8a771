import numpy as np
import pytest

from linkage.errors import UsageError
from linkage.statistics.estimation.captures import from_histories
from linkage.statistics.estimation.closed_forms import EXACT, Rates, chao, chapman, checked


def two(first, second, both):
    return np.array([[0, first - both, second - both, both]])


def test_chapmans_textbook_example_of_turtles():
    """Ten marked, fifteen caught, five of them marked: 11 · 16 / 6 − 1."""
    assert chapman(two(10, 15, 5))[0] == pytest.approx(28.333, abs=1e-3)


def test_chapmans_textbook_example_of_rabbits():
    """Skalski, Robson & Simmons 1983: 87 marked, 14 recaught, 7 of them marked."""
    assert chapman(two(87, 14, 7))[0] == pytest.approx(164.0)


def test_known_link_rates_correct_the_overlap_as_di_consiglio_and_tuoto_write_it():
    """Of 40 on both, 10 % were missed; of the 60 of the smaller list that are not on the other 5 % were joined falsely."""
    seen = round(0.9 * 40 + 0.05 * 60)
    assert chapman(two(200, 100, seen), Rates(0.9, 0.05))[0] == pytest.approx(201 * 101 / (40 + 1) - 1, rel=1e-12)


def test_exact_links_correct_nothing():
    assert chapman(two(200, 100, 40), EXACT) == chapman(two(200, 100, 40))


@pytest.mark.parametrize("rates", [Rates(0.5, 0.5), Rates(0.2, 0.4), Rates(1.2, 0.0), Rates(0.9, -0.1)])
def test_rates_that_cannot_be_are_refused(rates):
    with pytest.raises(UsageError):
        checked(rates)


def equal_lists(n_lists, once, twice, more):
    """A table in which every list has as many single finds as the next."""
    histories = {"".join("1" if at == i else "0" for at in range(n_lists)): once // n_lists for i in range(n_lists)}
    histories["11" + "0" * (n_lists - 2)] = twice
    histories["1" * n_lists] = more
    return from_histories(tuple("abcdefgh"[:n_lists]), histories)


def test_with_lists_of_one_size_chaos_bound_is_the_textbook_one():
    """(k − 1)/k · f₁²/(2 f₂) with its variance f₂ (r⁴/4 + r³ + r²/2) where k is large; Chao 1987."""
    found = chao(equal_lists(4, 80, 16, 10))
    assert found.total == pytest.approx(106 + 3 / 4 * 80**2 / (2 * 16))
    assert found.low < found.total < found.high
    assert found.low > 106


def test_with_two_lists_chaos_bound_is_petersens_estimate():
    found = chao(from_histories(("a", "b"), {"10": 60, "01": 30, "11": 20}))
    assert found.total == pytest.approx(80 * 50 / 20)


def test_the_bound_of_independent_lists_is_their_estimate_whatever_their_sizes():
    """Expected counts of 10,000 persons on lists that find 2 %, 5 % and 10 %: nobody is easier found, so the bound is exact."""
    shares = np.array([0.02, 0.05, 0.10])
    histories = {}
    for code in range(1, 8):
        on = np.array([bool(code >> at & 1) for at in range(3)])
        histories["".join("01"[int(x)] for x in on)] = round(1e6 * float(np.where(on, shares, 1 - shares).prod()))
    assert chao(from_histories(("a", "b", "c"), histories)).total == pytest.approx(1e6, rel=1e-3)


def test_some_persons_are_always_left_where_nobody_is_on_exactly_two_lists():
    found = chao(from_histories(("a", "b", "c"), {"100": 5, "010": 4, "001": 3, "111": 12}))
    assert found.total == 24 + 5 * 4 + 5 * 3 + 4 * 3


def test_where_one_list_holds_everybody_nobody_is_added():
    assert chao(from_histories(("a", "b"), {"10": 5, "11": 12})) == (17.0, 17.0, 17.0)
