"""The report as one page of HTML: what it says can be read on a telephone, on paper, without colour and read aloud.

It loads nothing, from nowhere: style and charts are inside, there is no script, and the page forbids its reader's browser
any request. Every number is a cell of the publication, or of its quality report; nothing is counted here.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import jinja2
from markupsafe import Markup

from linkage.schema import TOTAL
from linkage.statistics.cells import ANY, DIMENSIONS, PRINCIPAL, SEX_BY_AGE, Publication
from linkage.statistics.charts import Chart, by_role, charts
from linkage.statistics.figures import Figure, at, periods, stages, values
from linkage.statistics.grids import Grid, named
from linkage.statistics.page_facts import lines, sections
from linkage.statistics.page_grids import CASE, Told, all_stages, by_value, flow_by_lag, stages_of_flow, years
from linkage.statistics.page_words import interval, interval_in_words, number, page_words, role_of, shown, year_of
from linkage.statistics.words import Words

_NOTES = ("years", "stages", "roles", "values", "age", "cohort", "overlap", "region", "offence")


@dataclass(frozen=True)
class Card:
    """One headline number.

    Attributes:
        head: whom it counts.
        figure: in the year that the headline speaks of.
        over: the same over all years.
    """

    head: str
    figure: Figure
    over: Figure


@dataclass(frozen=True)
class Part:
    """A heading with a chart, if any, and tables.

    Attributes:
        name: unique on the page.
        heading: in words.
        chart: what is drawn, with its table.
        grids: further tables.
    """

    name: str
    heading: str
    chart: Chart | None = None
    grids: tuple[Grid, ...] = ()


@dataclass(frozen=True)
class Section:
    """All about one role."""

    name: str
    heading: str
    parts: tuple[Part, ...]


def html_report(publication: Publication, language: str) -> bytes:
    """The whole page, UTF-8.

    Args:
        publication: what is published, with what is hidden already hidden.
        language: of the words: `en`, `ru` or `tg`.

    Raises:
        UsageError: there are no words in the language.
    """
    words = page_words(language, publication.protocol)
    roles = by_role(publication, words)
    running = f"{words.code('title', publication.protocol.title)}: {words.text(f'page.tier_{publication.tier}')}"
    style = _template("report.css").render(running=_css_string(running))
    year = _last_year(roles)
    return (
        _template("report.html.j2")
        .render(
            publication=publication,
            words=words,
            style=Markup(style),  # noqa: S704 - our own file; the one text in it is escaped
            style_digest=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
            year=year,
            covers=_covers(roles, words),
            cards=tuple(card for one in roles for card in _cards(one, year)),
            sections=tuple(Section(named("role", one.role), role_of(words, one.role), tuple(_parts(one))) for one in roles),
            notes=tuple(words.text(f"note_{name}") for name in _NOTES),
            quality=sections(publication.quality, "quality", words),
            revision=sections(publication.revision, "revision", words),
            origin=tuple(lines(publication.origin, "origin", words)),
            thresholds=_thresholds(publication, words),
        )
        .encode()
    )


def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("linkage.statistics"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({"shown": shown, "interval": interval, "svg": _svg})
    environment.globals.update({"interval_in_words": interval_in_words, "year_of": year_of})
    environment.tests["figure"] = _is_figure
    return environment.get_template(name)


def _css_string(text: str) -> Markup:
    """A text inside a CSS string: everything but letters and digits as its number, so that it can end neither string nor style."""
    return Markup("".join(letter if letter.isalnum() else f"\\{ord(letter):x} " for letter in text))  # noqa: S704


def _is_figure(cell: object) -> bool:
    return isinstance(cell, Figure)


def _svg(chart: Chart) -> Markup:
    """A chart as it is: its own functions escape what they are given."""
    return Markup(chart.svg)  # noqa: S704


def _last_year(roles: tuple[Told, ...]) -> str:
    """The last year of all roles, so that the headline speaks of one; all years, where none is known."""
    return max((year for one in roles for year in periods(years(one))), default=TOTAL)


def _covers(roles: tuple[Told, ...], words: Words) -> str:
    known = sorted({year for one in roles for year in periods(years(one))})
    if not known:
        return words.text("year_unknown")
    key = "page.covers" if len(known) > 1 else "page.covers_one"
    return words.text(key, first=year_of(words, known[0]), last=year_of(words, known[-1]))


def _cards(one: Told, year: str) -> Iterator[Card]:
    """The stages of a case that stand on the front page; any stage, where a role has none of them."""
    for stage in [stage for stage in CASE if stage in stages(one.found)] or [TOTAL]:
        head = role_of(one.words, one.role)
        head = head if stage == TOTAL else f"{head}: {one.words.code('stage', stage)}"
        figure, over = (at(one.found, SEX_BY_AGE, role=one.role, stage=stage, year=of) for of in (year, TOTAL))
        if figure is not None and over is not None:
            yield Card(head, figure, over)


def _parts(one: Told) -> Iterator[Part]:
    words = one.words
    drawn = {chart.kind: chart for chart in charts(one)}
    yield Part(named("part", "stages", one.role), words.text("page.by_stage"), drawn.get("trend"))
    yield Part(named("part", "groups", one.role), words.text("page.by_groups"), drawn.get("groups"), (all_stages(one),))
    for dimension in _dimensions(one):
        yield _by_dimension(one, dimension, drawn)
    if "flow" in drawn:
        later = tuple(flow_by_lag(one, stage) for stage in stages_of_flow(one) if stage != "SUS")
        yield Part(named("part", "flow", one.role), words.text("page.flow"), drawn["flow"], later)
    if "overlap" in drawn:
        yield Part(named("part", "overlap", one.role), words.text("page.by_agency"), drawn["overlap"])


def _dimensions(one: Told) -> list[str]:
    return [name for name in DIMENSIONS if values(one.found, name, "year")]


def _by_dimension(one: Told, dimension: str, drawn: dict[str, Chart]) -> Part:
    heading = one.words.text("page.by", dimension=one.words.code("dimension", dimension))
    rules = values(one.found, dimension, "rule")
    grids = tuple(by_value(one, dimension, rule) for rule in (PRINCIPAL, ANY) if rule in rules)
    return Part(named("part", "by", dimension, one.role), heading, drawn.get(dimension), grids)


def _thresholds(publication: Publication, words: Words) -> str:
    """The smallest counts that the public tier shows, by role."""
    rules = sorted(publication.protocol.release.thresholds.items())
    return "; ".join(words.text("page.threshold", role=words.code("role", role), count=number(count)) for role, count in rules)
