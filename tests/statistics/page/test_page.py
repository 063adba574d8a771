import base64
import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import pandas as pd
import pytest

from linkage.errors import UsageError
from linkage.protocol import ready_protocol
from linkage.statistics.cells import KEY, MEASURES, Publication
from linkage.statistics.page import html_report
from linkage.statistics.page_words import page_words, year_of
from linkage.statistics.words import LANGUAGES

DIMENSIONS = ("region", "article", "form_of_exploitation", "citizenship")
GROUPS = {
    "persons": ("_T", "_T"),
    "girls": ("F", "Y0T17"),
    "boys": ("M", "Y0T17"),
    "women": ("F", "Y_GE18"),
    "men": ("M", "Y_GE18"),
    "sex not known": ("_U", "_T"),
    "age not known": ("_T", "_U"),
}


@pytest.fixture(scope="module")
def pages(restricted, public, read):
    return {
        (name, language): read(html_report(publication, language))
        for name, publication in (("restricted", restricted), ("public", public))
        for language in LANGUAGES
    }


@pytest.fixture(scope="module")
def cell_of(restricted, public):
    """What a table must print for a cell, read from the frame itself."""
    frames = {
        publication.tier: {
            tuple(row[:-4]): row[-4:] for row in publication.cells[[*KEY, *MEASURES, "hidden"]].itertuples(index=False)
        }
        for publication in (restricted, public)
    }

    def find(name, **key):
        key = {"unit": "PERSON", **key}
        at = tuple(key.get(column, "_T") for column in KEY)
        count, low, high, hidden = frames[name].get(at, (0, -1, -1, ""))
        if hidden:
            return "[c]"
        return str(count) if low == -1 or (low, high) == (count, count) else f"{count} |{low}–{high}"

    return find


def codes(words, kind, known):
    return {words.code(kind, code): code for code in known}


def years(words, publication):
    return {year_of(words, code): code for code in set(publication.cells["year"])}


@pytest.mark.parametrize("name", ["restricted", "public"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_of_a_table_by_dimension_is_its_cell(pages, restricted, cell_of, name, language):
    words, checked = page_words(language, restricted.protocol), 0
    stage_of, year_codes = codes(words, "stage", set(restricted.cells["stage"])), years(words, restricted)
    for role in ("victim", "offender"):
        for dimension in DIMENSIONS:
            value_of = codes(words, dimension, set(restricted.cells[dimension])) | {words.text("unknown"): "_U"}
            for rule in {"article": ("principal", "any"), "form_of_exploitation": ("principal", "any")}.get(
                dimension, ("principal",)
            ):
                table = pages[name, language].tables[f"{dimension}-{rule}-{role}".replace("_", "-")]
                for group, head, cells in table["rows"]:
                    for year, cell in zip(table["heads"][1:], cells, strict=True):
                        of = {"role": role, "stage": stage_of[group], "year": year_codes[year]}
                        if head == words.text("total"):
                            assert cell == cell_of(name, table="sex_age", **of)
                        else:
                            assert cell == cell_of(name, table=dimension, rule=rule, **of, **{dimension: value_of[head]})
                        checked += 1
    assert checked > 500


@pytest.mark.parametrize("name", ["restricted", "public"])
def test_every_number_by_sex_age_and_stage_is_its_cell(pages, restricted, cell_of, name):
    words, page = page_words("en", restricted.protocol), pages[name, "en"]
    stage_of, year_codes = codes(words, "stage", set(restricted.cells["stage"])), years(words, restricted)
    for role in ("victim", "offender"):
        table = page.tables[f"stages-{role}"]
        assert {group for group, _, _ in table["rows"]} == {
            words.code("stage", stage) for stage in restricted.cells.query("role == @role and table == 'sex_age'")["stage"]
        }
        for group, year, cells in table["rows"]:
            of = {"table": "sex_age", "role": role, "stage": stage_of[group], "year": year_codes[year]}
            for head, cell in zip(table["heads"][1:-2], cells, strict=False):
                sex, age = GROUPS[head]
                assert cell == cell_of(name, sex=sex, age_group=age, **of)
            assert cells[-2] == cell_of(name, unit="RECORD", **of)


def test_the_control_totals_of_2018_stand_on_the_front_page_and_in_the_tables(restricted, pages):
    text = html_report(restricted, "en").decode()
    assert re.findall(r'<dd class="count">(\d+)</dd>', text) == ["40", "55", "42", "31"]
    rows = {head: cells[0].split(" |")[0] for _, head, cells in pages["restricted", "en"].tables["groups-victim"]["rows"]}
    assert (rows["boys"], rows["girls"], rows["men"], rows["women"], rows["total"]) == ("6", "5", "15", "14", "40")
    rows = {head: cells[0].split(" |")[0] for _, head, cells in pages["restricted", "en"].tables["groups-offender"]["rows"]}
    assert (rows["women"], rows["men"], rows["total"]) == ("27", "4", "31")


def test_the_four_convicted_men_and_what_would_give_them_away_are_hidden_in_the_public_page(pages):
    rows = {head: cells[0] for _, head, cells in pages["public", "en"].tables["groups-offender"]["rows"]}
    assert (rows["men"], rows["women"]) == ("[c]", "[c]")


def test_each_language_prints_the_same_numbers(pages):
    for name in ("restricted", "public"):
        english, *others = (
            {at: [row[2] for row in table["rows"]] for at, table in pages[name, one].tables.items()} for one in LANGUAGES
        )
        counted = {at: rows for at, rows in english.items() if not at.startswith(("quality", "revision"))}
        assert len(counted) > 20
        for other in others:
            assert {at: other[at] for at in counted} == counted


def test_a_language_without_words_is_refused(restricted):
    with pytest.raises(UsageError):
        html_report(restricted, "xx")


@pytest.mark.parametrize(
    ("filled", "why"),
    [((1, 0, 2), ("primary", "primary")), ((4, 4, 4), ("secondary", "primary")), ((3000, 2000, 4000), ("primary", "secondary"))],
)
def test_the_page_is_the_same_whatever_a_hidden_cell_holds_and_why(public, hidden_as, filled, why):
    assert public.cells["hidden"].ne("").sum() > 50
    for language in LANGUAGES:
        assert html_report(hidden_as(filled, why), language) == html_report(public, language)


def test_the_order_of_rows_and_sources_leaves_the_bytes_alone(restricted):
    cells = restricted.cells.sample(frac=1, random_state=7).reset_index(drop=True)
    other = replace(restricted, cells=cells, sources=dict(reversed(restricted.sources.items())))
    assert html_report(other, "ru") == html_report(restricted, "ru")


def test_the_hash_seed_leaves_the_bytes_alone():
    script = (
        "import importlib.util as u, hashlib; s = u.spec_from_file_location('made', {path!r}); m = u.module_from_spec(s);"
        "s.loader.exec_module(m); from linkage.statistics.page import html_report; from linkage.statistics.cells import Publication;"
        "from linkage.protocol import ready_protocol;"
        "p = Publication(ready_protocol('tip'), 'restricted', m.everything(), m.SOURCES, m.ORIGIN, m.QUALITY, m.REVISION);"
        "print(hashlib.sha256(html_report(p, 'tg')).hexdigest())"
    ).format(path=os.path.join(os.path.dirname(__file__), "conftest.py"))  # noqa: PTH118, PTH120
    said = {
        subprocess.run(
            [sys.executable, "-c", script], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
    assert len(said.pop().strip()) == 64


def test_the_page_asks_nothing_of_anybody(restricted, pages):
    text, page = html_report(restricted, "en").decode(), pages["restricted", "en"]
    assert not {"script", "link", "img", "iframe", "object", "embed", "form", "base", "audio", "video", "use", "image"} & {
        tag for tag, _ in page.elements
    }
    loading = {"src", "srcset", "action", "data", "poster", "background", "style", "xlink:href", "onload", "onclick"}
    assert not [attrs for _, attrs in page.elements if loading & set(attrs)]
    assert all(attrs["href"].startswith("#") for _, attrs in page.elements if "href" in attrs)
    assert "url(" not in text
    assert "@import" not in text
    assert set(re.findall(r"https?://[^\"']*", text)) == {"http://www.w3.org/2000/svg"}


def test_the_page_forbids_requests_and_its_style_is_the_one_that_it_allows(pages):
    for page in pages.values():
        (policy,) = [attrs["content"] for attrs in page.all("meta") if attrs.get("http-equiv") == "Content-Security-Policy"]
        digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
        assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        assert len(page.style) > 2000


def test_ids_are_unique_and_every_reference_has_its_target(pages):
    for page in pages.values():
        ids = page.ids()
        assert len(ids) == len(set(ids)) > 40
        named = {one for _, attrs in page.elements for one in attrs.get("aria-labelledby", "").split()}
        assert named
        assert named <= set(ids)
        assert {attrs["href"][1:] for attrs in page.all("a")} <= set(ids)


def test_headings_never_skip_a_level_and_there_is_one_title(pages):
    for page in pages.values():
        levels = [level for level, _ in page.headings]
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert all(text.strip() for _, text in page.headings)


def test_the_page_says_its_language_its_width_and_how_to_skip_to_its_content(pages):
    for (_, language), page in pages.items():
        assert page.all("html")[0]["lang"] == language
        assert any(attrs.get("name") == "viewport" for attrs in page.all("meta"))
        assert page.all("a")[0]["href"] == "#content"
        assert page.all("main")[0]["id"] == "content"


def test_every_table_has_a_caption_and_every_head_a_scope(pages):
    for page in pages.values():
        assert len(page.tables) == len(page.all("table")) > 20
        assert all(table["caption"].strip() for table in page.tables.values())
        assert len(page.all("th")) > 100
        assert all(attrs.get("scope") in {"col", "row", "rowgroup"} for attrs in page.all("th"))


def test_every_table_scrolls_in_a_box_that_the_keyboard_reaches(pages):
    page = pages["restricted", "en"]
    boxes = [attrs for attrs in page.all("div") if attrs.get("class") == "scroll"]
    assert len(boxes) == len(page.tables)
    assert all(attrs["tabindex"] == "0" and attrs["role"] == "region" for attrs in boxes)


def test_every_table_of_persons_names_articles_and_sources(pages):
    tables = {at: table for at, table in pages["restricted", "en"].tables.items() if not at.startswith(("quality", "revision"))}
    assert len(tables) > 20
    for table in tables.values():
        assert any("articles 130.1" in note and "source " in note for note in table["notes"]), table["caption"]


def test_a_table_with_all_years_says_that_years_do_not_add_up(pages, restricted):
    for language in LANGUAGES:
        words, said = page_words(language, restricted.protocol), 0
        for table in pages["restricted", language].tables.values():
            if words.text("all_years") in {*table["heads"], *(head for _, head, _ in table["rows"])}:
                assert any(words.text("years_note")[1:] in note for note in table["notes"])
                said += 1
        assert said > 10


def test_a_table_by_dimension_says_whether_its_rows_add_up(pages):
    for at, table in pages["restricted", "en"].tables.items():
        if "-principal-" in at:
            assert "Principal value: rows add up." in table["notes"]
        if "-any-" in at:
            assert any(note.startswith("Any value: rows do not add up") for note in table["notes"])


def test_no_table_holds_two_roles(pages, restricted):
    captions = [
        table["caption"] for at, table in pages["restricted", "en"].tables.items() if not at.startswith(("quality", "revision"))
    ]
    assert all(caption.startswith(("Victims", "Offenders")) for caption in captions)
    assert not [caption for caption in captions if "ictims" in caption and "ffenders" in caption]
    assert b"No table crosses victims and offenders" in html_report(restricted, "en")


@pytest.mark.parametrize(("tier", "mark"), [("restricted", "Restricted: not for publication"), ("public", "Public")])
def test_the_tier_stands_on_top_and_on_every_printed_page(restricted, public, tier, mark):
    page = html_report({"restricted": restricted, "public": public}[tier], "en").decode()
    assert f'<p class="tier {tier}">{mark}</p>' in page
    (running,) = re.findall(r'@bottom-left \{ content: "([^"]*)"', page)
    assert re.sub(r"\\([0-9a-f]+) ", lambda found: chr(int(found[1], 16)), running).endswith(f": {mark}")


def test_a_hidden_count_on_the_front_page_has_no_interval(public):
    cells = public.cells.copy()
    front = (cells["stage"] == "DET") & (cells["year"] == "2018") & (cells["table"] == "sex_age") & (cells["unit"] == "PERSON")
    cells.loc[front, "hidden"] = "primary"
    page = html_report(replace(public, cells=cells), "en").decode()
    card = page[page.index("<dt>Victims: detected</dt>") : page.index("<dt>Offenders: suspected</dt>")]
    assert '<dd class="count hidden">[c]</dd>' in card
    assert "interval" not in card


def test_what_others_wrote_cannot_become_markup_or_style(restricted):
    evil = '"}</style><script>alert(1)</script>'
    protocol = replace(restricted.protocol, title=evil)
    cells = restricted.cells.replace({"citizenship": {"UZB": evil}, "agency": {"ngo": evil}, "other": {"ngo": evil}})
    publication = replace(restricted, protocol=protocol, cells=cells, origin={evil: evil}, quality={evil: [{evil: evil}]})
    page = html_report(publication, "en").decode()
    assert "<script" not in page
    assert page.count("</style>") == 1
    assert "&lt;script&gt;" in page


def test_without_quality_report_and_earlier_release_the_page_says_so(restricted):
    page = html_report(replace(restricted, quality={}, revision={}, origin={}), "en").decode()
    assert "This release was made without a quality report." in page
    assert "This release was not compared with an earlier one." in page


def empty_cells(*rows):
    return pd.DataFrame([{**dict.fromkeys(KEY, "_T"), "hidden": "", **row} for row in rows], columns=[*KEY, *MEASURES, "hidden"])


def test_a_protocol_without_stages_years_and_dimensions_has_a_page(read):
    row = {"table": "sex_age", "role": "person", "unit": "PERSON", "count": 12, "low": -1, "high": -1}
    publication = Publication(ready_protocol("persons"), "public", empty_cells(row), {("_T", "person", "_T"): ("a", "b")})
    page = html_report(publication, "en")
    assert read(page).tables["stages-person"]["rows"] == [
        ("any stage", "all years", ["12", "[x]", "[x]", "[x]", "[x]", "[x]", "–"])
    ]
    assert b"no linkage interval was computed" in page


def test_nobody_at_all_is_a_page_too(protocol):
    publication = Publication(protocol, "public", empty_cells(), {})
    for language in LANGUAGES:
        assert b"<h1>" in html_report(publication, language)


def test_pooled_years_stand_for_years_and_have_no_made_up_total(public, read):
    cells = public.cells.copy()
    regional = cells["table"] == "region"
    cells = pd.concat([cells[~regional], cells[regional & (cells["year"] == "2018")].assign(year="2016-2018")], ignore_index=True)
    table = read(html_report(replace(public, cells=cells), "en")).tables["region-principal-victim"]
    assert table["heads"] == ["Region", "2016–2018"]
    assert {cells[0] for _, head, cells in table["rows"] if head == "total"} == {"[x]"}


def test_totals_of_pooled_years_stand_under_places_and_not_among_the_years(public, read):
    """The public tier has sex by age group of a pool for the totals of its places alone."""
    cells = public.cells
    of_year = cells[(cells["table"] == "sex_age") & (cells["year"] == "2018") & (cells["unit"] == "PERSON")]
    pooled = of_year[(of_year["sex"] == "_T") & (of_year["age_group"] == "_T")].assign(year="2016-2018")
    regions = cells[(cells["table"] == "region") & (cells["year"] == "2018")].assign(year="2016-2018")
    kept = cells[(cells["table"] != "region") | ~cells["year"].str.isdigit()]
    page = read(html_report(replace(public, cells=pd.concat([kept, regions, pooled], ignore_index=True)), "en"))
    for name in ("trend-victim", "stages-victim"):
        years = [head for _, head, _ in page.tables[name]["rows"]]
        assert "2018" in years
        assert not [year for year in years if "–" in year]
    table = page.tables["region-principal-victim"]
    at = table["heads"].index("2016–2018") - 1
    assert {cells[at] for group, head, cells in table["rows"] if (group, head) == ("detected", "total")} == {"40 |37–44"}
