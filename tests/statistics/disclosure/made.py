"""Cells written out by hand, and an attacker of our own, who adds and subtracts without the engine's matrix."""

from itertools import product

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from linkage.statistics.cells import KEY, NOT_STATED, PERSON, PRIMARY, PRINCIPAL, SECONDARY, SHOWN

EVERYWHERE = dict.fromkeys(KEY, "_T") | {"table": "sex_age", "rule": PRINCIPAL, "year": "2018", "role": "victim", "unit": PERSON}


def cells_of(*counts):
    """Cells from (columns that differ from a total of victims in 2018, count)."""
    rows = [{**EVERYWHERE, **named, "count": count} for named, count in counts]
    frame = pd.DataFrame(rows, columns=[*KEY, "count"]).astype(dict.fromkeys(KEY, object))
    return frame.assign(low=NOT_STATED, high=NOT_STATED, hidden=SHOWN).sort_values(KEY, ignore_index=True)


def crossed(table, role="victim", year="2018"):
    """Region by sex with all totals, those of the table itself under `sex_age`; zeros have no row."""
    table = np.asarray(table)
    counts = []
    for (r, region), (s, sex) in product([*enumerate("ABCDE"[: len(table)]), (None, "_T")], [*enumerate("FM"), (None, "_T")]):
        rows = table if r is None else table[[r]]
        count = int((rows if s is None else rows[:, [s]]).sum())
        if count:
            counts.append(
                ({"role": role, "year": year, "table": "sex_age" if r is None else "region", "region": region, "sex": sex}, count)
            )
    return cells_of(*counts)


def attack(shown, least_other=0):
    """For each hidden row the least and most that it can be, by linear programmes over what is shown and the two sums.

    The attacker knows that a hidden small count is 1 to 4, and that any other hidden count is at least so much.
    """
    keys = list(zip(shown["region"], shown["sex"], strict=True))
    place = {key: n for n, key in enumerate(keys)}
    bounds = [
        {SHOWN: (count, count), PRIMARY: (1, 4), SECONDARY: (least_other, None)}[hidden]
        for count, hidden in zip(shown["count"], shown["hidden"], strict=True)
    ]
    sums = []
    for region, sex in keys:
        parts = [[key for key in keys if key[0] != "_T" and key[1] == sex]] if region == "_T" else []
        parts += [[key for key in keys if key[1] != "_T" and key[0] == region]] if sex == "_T" else []
        for part in parts:
            row = np.zeros(len(keys))
            row[[place[key] for key in part]] = 1
            row[place[region, sex]] = -1
            sums.append(row)
    found = {}
    for n in np.flatnonzero(shown["hidden"] != SHOWN):
        ends = []
        for sign in (1, -1):
            cost = np.zeros(len(keys))
            cost[n] = sign
            result = linprog(cost, A_eq=np.array(sums), b_eq=np.zeros(len(sums)), bounds=bounds)
            assert result.status in {0, 3}
            ends.append(sign * result.fun if result.status == 0 else np.inf)
        found[keys[n]] = tuple(round(end, 6) for end in ends)
    return found
