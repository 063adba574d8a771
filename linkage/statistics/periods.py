"""What is known of a year, asked of a period of several years (`2016-2018`), under which a public table may pool them."""

from __future__ import annotations

from linkage.statistics.geography import BREAK, observation_status


def years_of(period: str) -> tuple[str, ...]:
    """The years of a period; of a year, of `_T` and of `_U` the same alone."""
    first, _, last = period.partition("-")
    return tuple(map(str, range(int(first), int(last) + 1))) if last else (period,)


def is_broken(dimension: str, area: str, period: str) -> bool:
    """Whether an area is another one at the end of the period than it was before."""
    return observation_status(dimension, area, years_of(period)[-1]) == BREAK
