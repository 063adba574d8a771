"""An explanation is the run's own numbers: prior, each comparison's level with m, u and bits, and their sum."""

import pytest

from linkage.canonical import canonical_json
from linkage.errors import TamperedError, UsageError
from linkage.review.explain import as_plain, explain, find_person, find_record, lines, read_evidence
from linkage.review.person import person, person_lines, plain_person
from linkage.review.waterfall import BLOCKS
from linkage.unit.workspace import current, publish, writing

A, B, C = ("ngo", "A" * 26), ("ngo", "AAAAAA" + "B" * 20), ("ngo", "C" * 26)
D, E, C2 = ("police", "D" * 26), ("police", "E" * 26), ("police", "C" * 26)


def test_terms_and_prior_are_those_of_the_model_at_the_pair_s_levels(evidence):
    told = explain(evidence, A, D)
    assert told.compared
    assert told.same_person
    assert [(t.comparison, t.level, t.m, t.u, t.bits) for t in told.terms] == [
        ("surname", "near", 80000, 10000, 3_000_000),
        ("sex", "not observed", None, None, 0),
    ]
    assert (told.prior, told.total) == (-5_000_000, 400_000)


def test_the_order_in_which_records_are_named_does_not_matter(evidence):
    assert explain(evidence, D, A) == explain(evidence, A, D)


def test_two_records_that_were_never_compared_have_no_weight_and_it_is_said(evidence):
    told = explain(evidence, B, D)
    assert (told.compared, told.same_person, told.terms) == (False, False, ())
    assert any("no weight is kept" in line for line in lines(told))
    assert as_plain(told)["total_bits"] is None


def test_the_table_is_aligned_and_shows_bits_with_two_decimals(evidence):
    told = lines(explain(evidence, A, C, "same"))
    assert told == [
        "run         run1",
        f"left        ngo:{'A' * 26}  person {'p' * 26}",
        f"right       ngo:{'C' * 26}  person {'p' * 26}",
        "comparison   level              m          u       bits   running",
        "prior                                             -5.00     -5.00  ----------",
        "surname      exact       0.900000  <0.000001     +15.00    +10.00  ++++++++++++++++++++++++++++",
        "sex          different   0.010000   0.500000      -5.64     +4.36           |      ------------",
        "other                                             +5.14     +9.50           |      +++++++++++",
        "total                                             +9.50                     ==================",
        "probability                                    0.998621",
        "threshold                                          0.00",
        "decision    same",
        "counted     once: one person",
        "because     the run says what the pair alone would",
        "alone       one person, 9.50 bits above the threshold; "
        "at other levels of what was observed, 6.62 bits could be added, 20.60 taken away",
        'flip        would be counted twice if surname were "near" rather than "exact" (-12.00 bits)',
        "flip        no level would, alone: sex",
    ]


def test_where_the_terminal_can_the_waterfall_is_drawn_in_blocks(evidence):
    told = lines(explain(evidence, A, C), BLOCKS)
    assert told[5].endswith("+10.00  ████████████████████████████")
    assert told[6].endswith("+4.36           │      ░░░░░░░░░░░░")


def test_two_that_no_pair_joins_are_shown_the_path_and_its_weakest_link(evidence):
    told = lines(explain(evidence, C, D))
    assert [line for line in told if line.startswith("path")] == [
        f"path        ngo:{'C' * 26}  ngo:{'A' * 26}  +9.50 bits",
        f"path        ngo:{'A' * 26}  police:{'D' * 26}  +0.40 bits  (weakest)",
    ]
    plain = as_plain(explain(evidence, C, D))
    assert [link["bits"] for link in plain["path"]] == [9.5, 0.4]
    assert plain["weakest"]["bits"] == 0.4
    assert as_plain(explain(evidence, B, D))["path"] is None


def test_where_pair_and_run_differ_it_is_said(evidence):
    told = explain(evidence, C, D)
    assert (told.same_person, told.verdict.alone, told.verdict.differs) == (True, False, True)
    assert "do not say why" in told.verdict.because
    plain = as_plain(told)
    assert (plain["alone_same"], plain["between"]["mean_bits"]) == (False, -1.43)
    assert (plain["between"]["pairs"], plain["between"]["pairs_known"]) == (2, 2)
    assert as_plain(explain(evidence, B, D))["between"]["mean_bits"] is None


def test_a_list_that_holds_each_person_once_is_known_from_the_run(workspace, evidence):
    assert evidence.single == frozenset()
    run = current(workspace)
    protocol = canonical_json({"sources": {"ngo": {"duplicates": False}, "police": {"duplicates": True}, "court": {}}})
    files = {name: (run.directory / name).read_bytes() for name in run.manifest["files"]}
    with writing(workspace):
        other = publish(workspace, "run2", {**files, "protocol.json": protocol}, {})
    assert read_evidence(other).single == {"ngo"}


def test_the_json_twin_says_the_same(evidence):
    plain = as_plain(explain(evidence, A, C))
    assert plain["terms"][0] == {
        "comparison": "surname", "level": "exact", "m": 0.9, "u": 0.0, "bits": 15.0, "running_bits": 10.0,
    }  # fmt: skip
    assert (plain["prior_bits"], plain["total_bits"], plain["probability"]) == (-5.0, 9.5, 0.998621)
    assert (plain["same_person"], plain["candidate_pair"], plain["decision"]) == (True, True, None)


FOUND = [("D" * 26, D), ("DDDDDD", D), ("ngo:" + "C" * 26, C), ("police:CCCCCC", C2), ("AAAAAAB", B)]
UNCERTAIN = [("DDDDD", "too little"), ("C" * 26, "more than one"), ("AAAAAA", "more than one")]
UNCERTAIN += [("ZZZZZZ", "no such"), ("ngo:" + "D" * 26, "no such"), ("", "too little")]


@pytest.mark.parametrize(("text", "meant"), FOUND)
def test_a_record_is_found_by_agency_and_pseudonym_or_a_prefix_of_six(evidence, text, meant):
    assert find_record(evidence.persons, text) == meant


@pytest.mark.parametrize(("text", "why"), UNCERTAIN)
def test_a_record_that_is_not_certain_is_refused_without_repeating_it(evidence, text, why):
    with pytest.raises(UsageError, match=why) as raised:
        find_record(evidence.persons, text)
    assert not text or text not in str(raised.value)


def test_a_person_is_found_by_its_id_or_a_prefix(evidence):
    assert find_person(evidence.persons, "pppppp") == "p" * 26
    assert find_person(evidence.persons, "q" * 26) == "q" * 26
    with pytest.raises(UsageError, match="more than one"):
        find_person(evidence.persons, "qqqqqq")


def test_a_person_has_its_members_and_the_links_among_them(evidence):
    found = person(evidence, "p" * 26)
    assert found.members == (A, C, D)
    assert [(link.left, link.right, link.weight) for link in found.links] == [
        (A, C, 9_500_000),
        (A, D, 400_000),
        (C, D, -3_250_000),
    ]
    assert person(evidence, "r" * 26).links == ()
    assert person_lines(person(evidence, "r" * 26)) == [f"person  {'r' * 26}", f"record  police:{'E' * 26}"]


def test_a_person_is_held_by_its_strongest_links_and_its_bridges_are_named_weakest_first(evidence):
    found = person(evidence, "p" * 26)
    a, c, d = f"ngo:{'A' * 26}", f"ngo:{'C' * 26}", f"police:{'D' * 26}"
    assert [link.weight for link in found.tree] == [9_500_000, 400_000]
    assert [(split.bridge.link.weight, split.bridge.right) for split in found.splits] == [(400_000, (D,)), (9_500_000, (C,))]
    assert person_lines(found)[7:] == [
        f"held    {a}",
        f"held    `- +9.50  {c}  (bridge)",
        f"held    `- +0.40  {d}  (bridge)",
        f"weakest {a}  {d}  +0.40 bits",
        f"bridge  {a}  {d}  +0.40 bits: without it {d} would be apart from 2 other records",
        "bridge  mean weight between the two sides (2 records and 1 record): -1.43 bits from the threshold, over 2 of 2 pairs, "
        "each at most 12",
        f"bridge  {a}  {c}  +9.50 bits: without it {c} would be apart from 2 other records",
        "bridge  mean weight between the two sides (2 records and 1 record): +3.12 bits from the threshold, over 2 of 2 pairs, "
        "each at most 12",
    ]
    plain = plain_person(found)
    assert [bridge["bits"] for bridge in plain["bridges"]] == [0.4, 9.5]
    assert plain["bridges"][0]["sides"] == {"left": [a, c], "right": [d], "pairs": 2, "pairs_known": 2, "mean_bits": -1.43}
    assert plain["weakest"] == {"left": a, "right": d, "bits": 0.4}
    assert [(joined["record"], joined["depth"], joined["bits"]) for joined in plain["walk"]] == [
        (a, 0, None),
        (c, 1, 9.5),
        (d, 1, 0.4),
    ]


def test_a_record_is_not_compared_with_itself_or_a_stranger_to_the_run(evidence):
    with pytest.raises(UsageError):
        explain(evidence, A, A)
    with pytest.raises(UsageError):
        explain(evidence, A, ("ngo", "Z" * 26))


@pytest.mark.parametrize("name", ["persons.parquet", "pairs.parquet", "model.json"])
def test_a_changed_file_of_the_run_is_not_explained(workspace, name):
    run = current(workspace)
    path = run.directory / name
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(TamperedError):
        read_evidence(run)
