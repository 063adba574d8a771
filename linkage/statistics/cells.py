"""The one shape of everything that is published: cells with a key, a count of persons, and what may be seen of it.

Counting makes cells, intervals add to them how far linkage leaves the count open, disclosure control takes from them what
would reveal somebody, and every output is a view of what remains.

A cell that is not there is a zero, if its table counts in that detail in that year. The public tier leaves breakdowns out and
counts places for several years together (`redesign`); what it does not count is not published, and `figures.at`, by
which every output finds a cell, tells the two apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from linkage.protocol import Protocol

PERSON, RECORD = "PERSON", "RECORD"
# How a person with several values of a dimension is counted: once, under the principal one; or once under each.
PRINCIPAL, ANY = "principal", "any"
DIMENSIONS = ("region", "district", "article", "form_of_exploitation", "citizenship")
# Everything that tells two cells apart; `_T` where a column plays no part in the table.
KEY = ["table", "rule", "year", "lag", "role", "stage", "sex", "age_group", *DIMENSIONS, "agency", "other", "unit"]
MEASURES = ["count", "low", "high"]
NOT_STATED = -1
# Why a count is not shown: below the threshold of its role, or because it would give such a count away.
SHOWN, PRIMARY, SECONDARY = "", "primary", "secondary"

SEX_BY_AGE, CUBE, COHORT, OVERLAP = "sex_age", "cube", "cohort", "overlap"

Sources = Mapping[tuple[str, str, str], Sequence[str]]


@dataclass(frozen=True)
class Publication:
    """What a release says; every output is a view of it.

    Attributes:
        protocol: under which persons were linked and are counted.
        tier: `restricted` or `public`.
        cells: one row per cell: `KEY`, unique and sorted by it; `count`, `low`, `high` int64, `NOT_STATED` where not shown or
            not known; `hidden`: `SHOWN`, `PRIMARY` or `SECONDARY`. Tables (`table`):

            - `sex_age`: sex × age group with totals; `unit` `PERSON`, and `RECORD` in its totals;
            - one for each dimension by its name (`region`, …): its values × sex × age group, all with totals (its own total
              is in `sex_age`), under rule `principal` and, for article and form, also under `any`;
            - `cube`: region × article × sex, principal;
            - `cohort`: `year` = of first suspicion, `lag` = years since ("0", "1", …), `stage` = furthest stage by then
              (`_T`: all), `sex` with total;
            - `overlap`: persons on the lists of `agency` and `other` (equal: on that list), by role and year `_T`.
        sources: (year, role, stage) to the agencies whose records were counted there.
        origin: run, bundles and digests that it was made of.
        quality: the quality report's sections as plain data.
        revision: what changed against an earlier run, by reason; empty if none was given.
        decision: the signed decision by which it is let out (`release`); empty where it needs none.
    """

    protocol: Protocol
    tier: str
    cells: pd.DataFrame
    sources: Sources
    origin: Mapping[str, Any] = field(default_factory=dict)
    quality: Mapping[str, Any] = field(default_factory=dict)
    revision: Mapping[str, Any] = field(default_factory=dict)
    decision: bytes = b""
