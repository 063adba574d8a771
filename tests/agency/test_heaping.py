"""Placeholder days are found in the column: far too many dates on 1 January, and not one birthday on it."""

from datetime import date, timedelta

import numpy as np
import pytest

from linkage.agency.cells import objects
from linkage.agency.dates import iso, parse_dates
from linkage.agency.heaping import heaps, without_heaps


def dates_of(*texts):
    return parse_dates(objects(texts))[0]


def spread(count, seed=1):
    """Birthdays spread evenly."""
    days = np.random.default_rng(seed).integers(0, 14_610, count)
    return [(date(1960, 1, 1) + timedelta(int(day))).isoformat() for day in days]


@pytest.mark.parametrize(("day", "month"), [(1, 1), (15, 6), (30, 6)])
def test_a_heaped_day_tells_the_year_alone_and_other_days_stay(day, month):
    dates = dates_of(*spread(300), *[f"1985-{month:02d}-{day:02d}"] * 12)
    found = heaps(dates)
    assert [(heap.day, heap.month) for heap in found if heap.heaped] == [(day, month)]
    left = iso(without_heaps(dates, found))
    assert list(left[-12:]) == ["1985"] * 12
    assert sum(len(text) == 10 for text in left) >= 298


def test_a_birthday_or_two_on_new_year_is_no_heap():
    for count in (1, 2):
        dates = dates_of(*spread(300), *["1985-01-01"] * count)
        assert not any(heap.heaped for heap in heaps(dates))
        assert list(iso(without_heaps(dates, heaps(dates)))[-count:]) == ["1985-01-01"] * count


def test_evenly_spread_columns_are_hardly_ever_called_heaped():
    found = [heap.heaped for seed in range(200) for heap in heaps(dates_of(*spread(500, seed)))]
    assert sum(found) <= 2


def test_a_mild_surplus_in_a_long_column_is_kept():
    dates = dates_of(*spread(20_000), *["1985-01-01"] * 60)  # about twice as many as there should be
    assert not heaps(dates)[0].heaped


def test_a_short_column_needs_three():
    assert heaps(dates_of("1985-01-01", "1986-01-01", "1987-01-01", "1988-05-06"))[0].heaped
    assert not heaps(dates_of("1985-01-01", "1986-01-01", "1988-05-06"))[0].heaped
    assert not heaps(dates_of())[0].heaped


def test_the_decision_says_what_it_rests_on():
    heap = heaps(dates_of(*spread(363), "1985-01-01", "1986-01-01"))[0]
    assert heap.expected == pytest.approx(365 / 365.25)
    assert heap.found >= 2
