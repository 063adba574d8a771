"""Which charts a role has: its stages over the years, sex by age, regions, the flow from suspicion to judgment, its agencies.

Each comes with the table that it draws. A chart that would have nothing to draw is not made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from linkage.schema import TOTAL
from linkage.statistics.cells import COHORT, CUBE, OVERLAP, SEX_BY_AGE, Publication
from linkage.statistics.chart_flow import flow_chart
from linkage.statistics.chart_overlap import overlap_chart
from linkage.statistics.chart_rows import dots_chart, groups_chart
from linkage.statistics.chart_trend import trend_chart
from linkage.statistics.figures import figures, periods, values
from linkage.statistics.grids import Grid
from linkage.statistics.page_grids import DRAWN, Told, flow, groups, headline_stage, latest, now, overlap, trend, years
from linkage.statistics.words import Words

REGION = "region"


@dataclass(frozen=True)
class Chart:
    """A drawing and its data.

    Attributes:
        kind: `trend`, `groups`, `region`, `flow` or `overlap`.
        svg: one `<svg>` element.
        grid: the table whose numbers it draws.
    """

    kind: str
    svg: str
    grid: Grid


def by_role(publication: Publication, words: Words) -> tuple[Told, ...]:
    """What each role's tables and charts are made of, the victims first."""
    cells = _of_page(publication.cells)
    roles = sorted(set(cells["role"]), key=lambda role: (role != "victim", role))
    return tuple(Told(figures(cells, role), role, words, publication.sources) for role in roles)


def _of_page(cells: pd.DataFrame) -> pd.DataFrame:
    """What has room on a page: of the tables by dimension the totals of sex and age, and none of all crossed."""
    whole = cells["table"].isin([SEX_BY_AGE, COHORT, OVERLAP])
    total = (cells["sex"] == TOTAL) & (cells["age_group"] == TOTAL) & (cells["table"] != CUBE)
    return cells[whole | total]


def charts(of: Told) -> tuple[Chart, ...]:
    """The charts of a role."""
    return tuple(_charts(of))


def _charts(of: Told) -> Iterator[Chart]:
    stage = headline_stage(of)
    if periods(years(of)):
        yield _chart("trend", trend_chart, trend(of), of.words)
    by_group = groups(of, stage, latest(of, SEX_BY_AGE, stage))
    if any(row.code in DRAWN and row.figures for row in by_group.rows):
        yield _chart("groups", groups_chart, by_group, of.words)
    by_region = now(of, REGION, stage, latest(of, REGION, stage))
    if by_region.rows:
        yield _chart(REGION, dots_chart, by_region, of.words)
    if values(of.found, COHORT, "year"):
        yield _chart("flow", flow_chart, flow(of), of.words)
    if set(values(of.found, OVERLAP, "agency")) - {TOTAL}:
        yield _chart("overlap", overlap_chart, overlap(of), of.words)


def _chart(kind: str, draw: Callable[[Grid, Words], str], grid: Grid, words: Words) -> Chart:
    return Chart(kind, draw(grid, words), grid)
