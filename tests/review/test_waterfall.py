"""Steps add up to the stored weight whatever the model, and the drawings say in figures what the text says."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.review.explain import Evidence, as_plain, explain, lines
from linkage.review.pair_svg import pair_svg
from linkage.review.person import person, person_lines, plain_person
from linkage.review.person_svg import person_svg
from linkage.review.waterfall import ASCII, BLOCKS, WIDTH, Scale, Term, bar, scale, steps
from linkage.review.wording import bits, signed, spoken
from linkage.unit.workspace import PairsTable, PersonsTable

WEIGHT = st.integers(-40_000_000, 40_000_000)
NAMES = st.one_of(st.text(min_size=1, max_size=100), st.sampled_from(["<script>alert(1)</script>", "&amp;", "ном " * 30, "]]>"]))


@st.composite
def runs(draw):
    """Evidence of one pair or several under a model of any size, with names that nobody would choose."""
    size, count = draw(st.integers(2, 5)), draw(st.integers(1, 5))
    names = draw(st.lists(NAMES, min_size=count, max_size=count, unique=True))
    comparisons = [comparison(draw, name) for name in names]
    left, right = np.array([(i, j) for i in range(size) for j in range(i + 1, size) if draw(st.booleans()) or (i, j) == (0, 1)]).T
    levels = np.array([[draw(st.integers(-1, len(one["levels"]) - 1)) for one in comparisons] for _ in left], np.int8)
    agency, record = (np.array(texts, dtype=object) for texts in (["ngo"] * size, [f"{i:026}" for i in range(size)]))
    one = np.array(["p" * 26] * size, dtype=object)
    prior, other = draw(WEIGHT), draw(st.sampled_from([0, 0, 1, -7_123_456]))
    weight = [prior + other + sum(c["weights"][at] for c, at in zip(comparisons, row, strict=True) if at >= 0) for row in levels]
    pairs = PairsTable(
        agency[left], record[left], agency[right], record[right], tuple(names), levels,
        np.full(len(left), prior), np.array(weight, np.int64), np.ones(len(left), np.bool_),
        np.full(len(left), "", dtype=object),
    )  # fmt: skip
    model = {"prior": prior, "threshold": draw(st.sampled_from([0, 0, 3_321_928, -5_000_000])), "comparisons": comparisons}
    return Evidence("run1", PersonsTable(agency, record, one), pairs, model)


def comparison(draw, name):
    weights = draw(st.lists(WEIGHT, min_size=1, max_size=5))
    levels = draw(st.lists(NAMES, min_size=len(weights), max_size=len(weights), unique=True))
    return {"name": name, "levels": levels, "m": [1] * len(weights), "u": [0] * len(weights), "weights": weights}


def first(evidence):
    return explain(evidence, *[("ngo", f"{number:026}") for number in (0, 1)])


@settings(deadline=None, max_examples=60)
@given(runs())
def test_the_steps_add_up_to_the_total(evidence):
    told = first(evidence)
    assert told.steps[0].start == 0
    assert told.steps[-1].end == told.total == evidence.pairs.weight[0]
    assert all(before.end == after.start for before, after in zip(told.steps, told.steps[1:], strict=False))
    assert sum(step.term.bits for step in told.steps) == told.total
    assert told.prior + sum(term.bits for term in told.terms) + told.other == told.total
    assert (told.steps[-1].term.comparison == "other") == (told.other != 0) or "other" in evidence.pairs.comparisons


@settings(deadline=None, max_examples=60)
@given(runs())
def test_what_would_flip_the_pair_does_when_the_run_is_changed_so(evidence):
    told = first(evidence)
    for flip in told.flips.alone:
        column = evidence.pairs.comparisons.index(flip.comparison)
        weight = evidence.model["comparisons"][column]
        changed = told.total - told.terms[column].bits + weight["weights"][weight["levels"].index(flip.instead)]
        assert (changed > told.threshold) != (told.total > told.threshold)


@settings(deadline=None, max_examples=60)
@given(runs())
def test_what_was_not_observed_is_listed_and_adds_nothing(evidence):
    told = first(evidence)
    silent = [term for term, level in zip(told.terms, evidence.pairs.levels[0], strict=True) if level < 0]
    assert [term for term in told.terms if term.level == "not observed" and term.m is None] == silent
    assert not any(term.bits for term in silent)


def texts(drawing):
    """All text of a drawing that parses, is alone in its file and runs nothing."""
    root = ElementTree.fromstring(drawing)
    assert "<script" not in drawing
    assert re.findall(r"(?:https?|ftp|file|data|javascript):", re.sub(r">[^<]*<", "><", drawing)) == ["http:"]
    assert {attribute for element in root.iter() for attribute in element.attrib if "href" in attribute} == set()
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {"svg", "title", "desc", "text", "line", "rect", "circle"}
    return [element.text for element in root.iter() if element.tag.endswith("}text")]


@settings(deadline=None, max_examples=60)
@given(runs())
def test_the_drawing_of_a_pair_holds_every_number_of_the_text(evidence):
    told = first(evidence)
    shown = texts(pair_svg(told))
    for step in told.steps:
        assert signed(step.term.bits) in shown
        assert signed(step.end) in shown
    assert signed(told.total) in shown
    assert f"threshold {signed(told.threshold)}" in shown


@settings(deadline=None, max_examples=60)
@given(runs())
def test_the_drawing_of_a_person_names_every_member_and_every_link_of_the_tree(evidence):
    found = person(evidence, "p" * 26)
    shown = texts(person_svg(found))
    assert {spoken(member) for member in found.members} <= set(shown)
    for link in found.tree:
        assert {signed(link.weight), f"{signed(link.weight)} bridge"} & set(shown)
    assert person_svg(found).count("stroke-dasharray") == (1 if found.splits else 0)


@settings(deadline=None, max_examples=60)
@given(runs())
def test_a_drawing_has_a_title_and_a_description_that_are_the_text(evidence):
    told, found = first(evidence), person(evidence, "p" * 26)
    for drawing, said in ((pair_svg(told), lines(told)), (person_svg(found), person_lines(found))):
        root = ElementTree.fromstring(drawing)
        names = {root[0].get("id"): root[0], root[1].get("id"): root[1]}
        title, described = (names[name] for name in root.get("aria-labelledby").split())
        assert title.text
        assert len(described.text.splitlines()) >= len(said)
        assert re.findall(r"[+-]\d+\.\d\d", described.text) == re.findall(r"[+-]\d+\.\d\d", "\n".join(said))


@settings(deadline=None, max_examples=60)
@given(runs())
def test_json_text_and_steps_agree(evidence):
    told = first(evidence)
    plain = as_plain(told)
    assert [term["running_bits"] for term in plain["terms"]] == [bits(step.end) for step in told.steps[1 : 1 + len(told.terms)]]
    assert (plain["other_bits"], plain["total_bits"]) == (bits(told.other), bits(told.total))
    found = person(evidence, "p" * 26)
    assert len(plain_person(found)["tree"]) + plain_person(found)["parts"] == len(found.members)


@settings(deadline=None, max_examples=60)
@given(WEIGHT, WEIGHT, WEIGHT, st.sampled_from([ASCII, BLOCKS]))
def test_a_bar_fits_its_width_marks_the_threshold_and_shows_what_is_not_nothing(start, end, threshold, ink):
    within = Scale(min(start, end, threshold), max(start, end, threshold) + 1)
    drawn = bar(start, end, threshold, within, ink)
    assert len(drawn) <= WIDTH
    assert set(drawn) <= {" ", ink.threshold, ink.up if end > start else ink.down}
    assert bool(set(drawn) & {ink.up, ink.down}) == (start != end)


def test_the_terminal_s_ascii_is_ascii():
    assert "".join(ASCII).isascii()


def test_a_scale_holds_nothing_and_everything():
    none = steps(0, [], 0)
    assert scale(none, 0) == Scale(0, 1)
    walked = steps(-5, [Term("sex", "same", 1, 1, 9)], 4)
    assert scale(walked, 7) == Scale(-5, 7)


def test_what_a_run_adds_beyond_its_comparisons_is_a_step_of_its_own():
    walked = steps(-5, [Term("sex", "same", 1, 1, 9)], 6)
    assert [(step.term.comparison, step.start, step.end) for step in walked] == [("prior", 0, -5), ("sex", -5, 4), ("other", 4, 6)]


@pytest.mark.parametrize(
    ("microbits", "said"), [(0, "0.00"), (4_999, "0.00"), (-4_999, "0.00"), (9_500_000, "+9.50"), (-1, "0.00")]
)
def test_bits_have_a_sign_unless_they_are_none(microbits, said):
    assert signed(microbits) == said
