import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pandas as pd
import pytest

from linkage.statistics.chart_shapes import BRIGHT, DARK, INK, QUIET, SERIES, WIDTH, axis, wrapped
from linkage.statistics.charts import by_role, charts
from linkage.statistics.figures import Figure
from linkage.statistics.page_words import number, page_words, shown, spoken
from linkage.statistics.words import LANGUAGES

SVG = "{http://www.w3.org/2000/svg}"
KINDS = {"victim": ["trend", "groups", "region", "overlap"], "offender": ["trend", "groups", "region", "flow", "overlap"]}


@pytest.fixture(scope="module")
def drawn(restricted, public):
    return {
        (publication.tier, language, one.role): charts(one)
        for publication in (restricted, public)
        for language in LANGUAGES
        for one in by_role(publication, page_words(language, publication.protocol))
    }


def every(drawn):
    return [(at, chart) for at, of in drawn.items() for chart in of]


def marks(chart):
    """Label to value of each mark: its own words, and the number that is drawn in it."""
    for group in ElementTree.fromstring(chart.svg).iter(f"{SVG}g"):
        label, _, value = group.find(f"{SVG}title").text.rpartition(": ")
        yield label, value, [text.text for text in group.iter(f"{SVG}text")]


def test_each_role_has_its_charts(drawn):
    assert {role: [chart.kind for chart in drawn["restricted", "en", role]] for role in KINDS} == KINDS


def test_every_chart_is_valid_xml_with_a_title_and_a_description_that_it_refers_to(drawn):
    assert len(every(drawn)) == 54
    for _, chart in every(drawn):
        root = ElementTree.fromstring(chart.svg)
        assert root.tag == f"{SVG}svg"
        assert root.get("role") == "img"
        ids = {one.get("id"): one for one in root if one.get("id")}
        title, told_in_words = (ids[name] for name in root.get("aria-labelledby").split())
        assert (title.tag, told_in_words.tag) == (f"{SVG}title", f"{SVG}desc")
        assert title.text == chart.grid.caption
        assert len(told_in_words.text) > 40


def test_every_chart_says_in_words_every_number_that_it_draws(drawn):
    for _, chart in every(drawn):
        described = ElementTree.fromstring(chart.svg).find(f"{SVG}desc").text
        values = [value for _, value, _ in marks(chart)]
        assert values
        assert all(value.split(" ")[0] in described for value in values)


def expected(chart, words):
    """What must be drawn, from the table beside the chart."""

    def value(figure):
        return spoken(words, figure)

    rows = chart.grid.rows
    if chart.kind == "trend":
        return [value(figure) for row in rows if row.code not in {"_T", "_U"} for figure in row.cells]
    if chart.kind == "groups":
        return [value(row.cells[0]) for row in rows if row.code in {"girls", "boys", "women", "men"}]
    if chart.kind == "region":
        return [value(row.cells[0]) for row in rows]
    if chart.kind == "flow":
        return [value(figure) for row in rows for figure in row.cells[:-2]]
    return [value(figure) for place, row in enumerate(rows) for figure in row.cells[: place + 1]]


def test_the_numbers_drawn_are_those_of_the_table_beside_the_chart(drawn, restricted):
    for (_, language, _), chart in every(drawn):
        words = page_words(language, restricted.protocol)
        assert sorted(value for _, value, _ in marks(chart)) == sorted(expected(chart, words))


def test_a_number_printed_in_a_mark_is_the_number_it_stands_for(drawn, restricted):
    for (_, language, _), chart in every(drawn):
        hidden = page_words(language, restricted.protocol).text("chart_hidden")
        for _, value, texts in marks(chart):
            if texts:
                assert texts == ["[c]" if value == hidden else value.split(" ")[0]]


def test_marks_stand_where_their_numbers_are(drawn):
    """Bars of the groups: as long as the scale says; the trend's dots: as high."""
    for (_, _, _), chart in every(drawn):
        if chart.kind not in {"groups", "flow"}:
            continue
        bars = [
            (int(value.split(" ")[0]), float(group.find(f"{SVG}rect").get("width")))
            for group in ElementTree.fromstring(chart.svg).iter(f"{SVG}g")
            if group.find(f"{SVG}rect") is not None
            for value in [group.find(f"{SVG}title").text.rpartition(": ")[2]]
        ]
        longest = max(bars, default=(0, 0.0))
        assert all(abs(width * longest[0] - longest[1] * count) <= 0.02 * max(longest[0], 1) for count, width in bars)


def test_a_hidden_mark_has_one_place_in_its_row_whatever_it_hides(public):
    (victims,) = (one for one in by_role(public, page_words("en", public.protocol)) if one.role == "victim")
    (region,) = (chart for chart in charts(victims) if chart.kind == "region")
    places = {
        text.get("x")
        for group in ElementTree.fromstring(region.svg).iter(f"{SVG}g")
        for text in group.iter(f"{SVG}text")
        if text.text == "[c]"
    }
    assert len(places) == 1
    assert not [
        shape
        for group in ElementTree.fromstring(region.svg).iter(f"{SVG}g")
        if group.find(f"{SVG}title").text.endswith("not shown")
        for shape in group
        if shape.tag not in {f"{SVG}title", f"{SVG}text"}
    ]


def test_a_hidden_year_breaks_the_line(drawn):
    def lines(tier):
        (trend,) = (chart for chart in drawn[tier, "en", "victim"] if chart.kind == "trend")
        root = ElementTree.fromstring(trend.svg)
        return [len(one.get("points").split()) for one in root.iter(f"{SVG}polyline")]

    assert lines("restricted") == [5, 5, 5]
    assert lines("public") == [5, 5, 2, 2]


def test_at_most_four_stages_are_drawn_and_they_are_the_best_known(restricted):
    cells = restricted.cells
    more = [cells.query("stage == 'DET'").assign(stage=stage) for stage in ("COM", "INV", "HEA")]
    crowded = replace(restricted, cells=pd.concat([cells, *more], ignore_index=True))
    (victims, _) = by_role(crowded, page_words("en", restricted.protocol))
    assert charts(victims)[0].grid.codes == ("DET", "ASS", "REP", "COM")


def test_names_beside_the_lines_do_not_touch(drawn):
    for (_, _, _), chart in every(drawn):
        if chart.kind == "trend":
            texts = [one for one in ElementTree.fromstring(chart.svg).findall(f"{SVG}text") if one.get("fill") in SERIES[:3]]
            beside = sorted(float(one.get("y")) for one in texts if float(one.get("y")) < 225)
            assert len(beside) >= 6
            assert all(below - above >= 11 for above, below in pairwise(beside))


def test_nothing_is_drawn_outside(drawn):
    for _, chart in every(drawn):
        root = ElementTree.fromstring(chart.svg)
        height = float(root.get("height"))
        assert root.get("viewBox") == f"0 0 {WIDTH} {height:g}"
        for one in root.iter():
            for name, limit in (
                ("x", WIDTH),
                ("x1", WIDTH),
                ("x2", WIDTH),
                ("cx", WIDTH),
                ("y", height),
                ("y1", height),
                ("cy", height),
            ):
                assert 0 <= float(one.get(name, 0)) <= limit, (chart.kind, one.attrib)


def test_charts_load_nothing_and_carry_no_style(drawn):
    for _, chart in every(drawn):
        assert set(re.findall(r"https?://[^\"]*", chart.svg)) == {"http://www.w3.org/2000/svg"}
        assert not re.search(r"\b(href|src|style|on\w+)=|<script|<image|<use|url\(", chart.svg)


def luminance(color):
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_and_lines_stand_out_from_paper_and_the_sexes_from_each_other_in_grey():
    assert all(contrast(color, "#ffffff") >= 4.5 for color in (INK, QUIET, *SERIES))
    assert contrast(BRIGHT, "#ffffff") >= 3
    assert contrast(DARK, BRIGHT) >= 3


@pytest.mark.parametrize("largest", [0, 1, 3, 7, 20, 99, 100, 101, 4999, 123456])
def test_an_axis_begins_at_zero_and_holds_its_counts_in_few_round_steps(largest):
    count = axis([0, largest], 10, 110)
    assert count.place(0) == 10
    assert count.place(count.top) == 110
    assert count.top >= max(largest, 1)
    assert next(iter(count.ticks())) == 0
    assert list(count.ticks())[-1] == count.top
    assert len(count.ticks()) <= 6
    assert str(count.step).rstrip("0") in {"1", "2", "5"}


def test_text_is_broken_between_words_to_the_width():
    assert wrapped("Districts under republic administration", 100) == ["Districts", "under", "republic", "administration"]
    assert wrapped("", 100) == [""]


def test_numbers_are_grouped_from_five_digits_on():
    assert [number(one) for one in (0, 31, 9999, 10000, 1234567, -3)] == [
        "0",
        "31",
        "9999",
        "10\u202f000",
        "1\u202f234\u202f567",
        "−3",
    ]
    assert shown(Figure(-1)) == "[c]"
