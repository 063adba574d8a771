"""The protocol: every rule refuses what breaks it and names the place; the ID is that of the meaning, to the last leaf."""

import json

import pytest

from linkage.canonical import digest_of_bytes
from linkage.errors import ExtractError, SchemaError
from linkage.protocol import (
    DEFAULT_SCHEME,
    READY,
    SCHEMES,
    Source,
    parse_protocol,
    read_protocol,
    ready_protocol,
    ready_text,
)
from linkage.schema import plain

REMOVED = object()


def changed(data, path, value):
    """The data with the entry at `a.b.0.c` replaced, added or removed; a key with dots in it is given as a tuple."""
    *way, last = path.split(".")
    place = data
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
    key = int(last) if isinstance(place, list) else last
    if value is REMOVED:
        del place[key]
    else:
        place[key] = value
    return data


def problems(data):
    with pytest.raises(SchemaError) as caught:
        parse_protocol(data, "p.toml")
    assert caught.value.file == "p.toml"
    assert caught.value.exit_code == 3
    return caught.value.message.splitlines()


PART = {"of": "given_name", "grams": "bigrams", "positions": 3}
CROSSED = {"name": "alike", "crossed_filters": ["whole", "surname"], "dice": 700}
BROKEN = [
    # identity
    ("project", " ", "project: empty"),
    ("epoch", "", "epoch: empty"),
    ("identifiers.0", "shoe_size", "identifiers: 'shoe_size' is not a standard identifier"),
    ("sources.Police", {}, "sources.Police: agency names"),
    # encoding
    ("encoding.bits", 0, "encoding.bits: a multiple of 64"),
    ("encoding.bits", 63, "encoding.bits: a multiple of 64"),
    ("encoding.bits", 100, "encoding.bits: a multiple of 64"),
    ("encoding.bits", 8256, "encoding.bits: a multiple of 64"),
    ("encoding.filters.birth.parts", [], "encoding.filters.birth.parts: there is none"),
    ("encoding.filters.birth.parts.0.of", "horoscope", "encoding.filters.birth.parts.0.of: 'horoscope' is not a feature"),
    ("encoding.filters.birth.parts.0.positions", 0, "encoding.filters.birth.parts.0.positions: from 1 to 2048"),
    ("encoding.filters.birth.parts.0.positions", 2049, "encoding.filters.birth.parts.0.positions: from 1 to 2048"),
    ("encoding.filters.birth.parts.0.grams", "years", "encoding.filters.birth.parts.0.grams: 'years' are those of birth_year"),
    ("encoding.filters.birth.diffusion", -1, "encoding.filters.birth.diffusion: 0, or from 2 to 32 positions"),
    ("encoding.filters.birth.diffusion", 1, "encoding.filters.birth.diffusion: 0, or from 2 to 32 positions"),
    ("encoding.filters.birth.diffusion", 33, "encoding.filters.birth.diffusion: 0, or from 2 to 32 positions"),
    ("encoding.filters.birth.inner_bits", 128, "encoding.filters.birth.inner_bits: belongs to filters with diffusion"),
    ("encoding.filters.birth.bits", 0, "encoding.filters.birth.bits: a multiple of encoding.bits, of 64 to 8192"),
    ("encoding.filters.birth.bits", -128, "encoding.filters.birth.bits: a multiple of encoding.bits, of 64 to 8192"),
    ("encoding.filters.birth.bits", 64, "encoding.filters.birth.bits: a multiple of encoding.bits, of 64 to 8192"),
    ("encoding.filters.birth.bits", 192, "encoding.filters.birth.bits: a multiple of encoding.bits, of 64 to 8192"),
    ("encoding.filters.birth.bits", 8320, "encoding.filters.birth.bits: a multiple of encoding.bits, of 64 to 8192"),
    ("encoding.filters.birth.bits", "256", "encoding.filters.birth.bits: a valid integer"),
    ("encoding.tokens.year.of", ["birth_year", "horoscope"], "encoding.tokens.year.of: 'horoscope' is not a feature"),
    ("encoding.tokens.year.of", [], "encoding.tokens.year.of: names no feature"),
    ("encoding.tokens.year.unshared", -1, "encoding.tokens.year.unshared: permille of the records, from 0 to 1000"),
    ("encoding.tokens.year.unshared", 1001, "encoding.tokens.year.unshared: permille of the records, from 0 to 1000"),
    ("encoding.tokens.year.rare", -1, "encoding.tokens.year.rare: permille of the records, from 0 to 1000"),
    ("encoding.tokens.year.rare", 1001, "encoding.tokens.year.rare: permille of the records, from 0 to 1000"),
    ("encoding.filters.Né", {"parts": [{"of": "sex", "grams": "value", "positions": 1}]}, "encoding: 'Né' is not a name"),
    ("encoding.tokens.a b", {"of": ["sex"]}, "encoding: 'a b' is not a name"),
    # comparisons
    ("comparisons", [], "comparisons: there is none"),
    ("comparisons.1.name", "surname", "comparisons.1.name: 'surname' is used twice"),
    ("comparisons.0.name", "sur=name", "comparisons.0.name: small letters, digits and _"),
    ("comparisons.0.levels", [], "comparisons.0.levels: there is none"),
    ("comparisons.0.needs", ["nobody"], "comparisons.0.needs: no filter or token is called 'nobody'"),
    ("comparisons.0.gross_errors", -1, "comparisons.0.gross_errors: of 10,000, from 0 to 5000"),
    ("comparisons.0.gross_errors", 5001, "comparisons.0.gross_errors: of 10,000, from 0 to 5000"),
    ("comparisons.0.most_errors", -1, "comparisons.0.most_errors: of 10,000, from gross_errors to 10000"),
    ("comparisons.0.most_errors", 0, "comparisons.0.most_errors: of 10,000, from gross_errors to 10000"),
    ("comparisons.0.most_errors", 10_001, "comparisons.0.most_errors: of 10,000, from gross_errors to 10000"),
    ("comparisons.1.most_errors", 99, "comparisons.1.most_errors: of 10,000, from gross_errors to 10000"),
    ("comparisons.0.silent", ["close"], "comparisons.0.silent: 'close' is no level of it"),
    ("comparisons.0.silent", ["exact", "not observed"], "comparisons.0.silent: 'not observed' is no level of it"),
    ("comparisons.1.silent", ["exchanged"], "comparisons.1.silent: 'exchanged' is no level of it"),
    ("comparisons.0.against", 25, "comparisons.0.against: unknown key"),
    ("comparisons.0.never_against", True, "comparisons.0.never_against: unknown key"),
    ("comparisons.1.strangers", [10], "comparisons.1.strangers: of a million, at least 1 for each level"),
    ("comparisons.1.strangers", [10, 20, 999_970], "comparisons.1.strangers: of a million, at least 1 for each level"),
    ("comparisons.1.strangers", [10, 0], "comparisons.1.strangers: of a million, at least 1 for each level"),
    ("comparisons.1.strangers", [10, 999_990], "comparisons.1.strangers: of a million, at least 1 for each level"),
    ("comparisons.3.only_if", "nobody=exact", "comparisons.3.only_if: 'comparison=level' of an earlier comparison"),
    ("comparisons.3.only_if", "birth=nothing", "comparisons.3.only_if: 'comparison=level' of an earlier comparison"),
    ("comparisons.3.only_if", "birth", "comparisons.3.only_if: 'comparison=level' of an earlier comparison"),
    ("comparisons.1.unless", "year=same", "comparisons.1.unless: 'comparison=level' of an earlier comparison"),
    ("comparisons.1.unless", "given=near", "comparisons.1.unless: 'comparison=level' of an earlier comparison"),
    ("comparisons.0.levels.2.name", "exact", "comparisons.0.levels: each name once, none of 'different' and 'not observed'"),
    ("comparisons.0.levels.2.name", "different", "comparisons.0.levels: each name once, none of 'different' and 'not observed'"),
    ("comparisons.0.levels.2.name", "not observed", "comparisons.0.levels: each name once, none of 'different' and 'not observed'"),
    # levels
    ("comparisons.0.levels.0.token", REMOVED, "comparisons.0.levels.0: at least one of token"),
    ("comparisons.0.levels.0.token", [], "comparisons.0.levels.0: at least one of token"),
    ("comparisons.0.levels.1.filter", "surname", "comparisons.0.levels.1: 'dice' can be for 'filter' or for 'crossed_filters'"),
    ("comparisons.0.observed_from", 500, "comparisons.0.observed_from: belongs to comparisons that read a locked filter"),
    ("comparisons.0.levels.2.dice", REMOVED, "comparisons.0.levels.2.dice: belongs to levels with a filter"),
    ("comparisons.0.levels.0.dice", 500, "comparisons.0.levels.0.dice: belongs to levels with a filter"),
    ("comparisons.0.levels.2.dice", 0, "comparisons.0.levels.2.dice: permille, from 1 to 1000"),
    ("comparisons.0.levels.2.dice", 1001, "comparisons.0.levels.2.dice: permille, from 1 to 1000"),
    ("comparisons.0.levels.0.token", ["birth"], "comparisons.0.levels.0: no token is called 'birth'"),
    ("comparisons.2.levels.1.crossed_tokens", ["date", "dat"], "comparisons.2.levels.1: no token is called 'dat'"),
    ("comparisons.0.levels.2.filter", "year", "comparisons.0.levels.2: no filter is called 'year'"),
    ("comparisons.0.levels.1.crossed_filters", ["surname", "x"], "comparisons.0.levels.1: no filter is called 'x'"),
    ("encoding.tokens.swapped.domain", REMOVED, "comparisons.2.levels.1: values of different domains can never be equal"),
    ("encoding.filters.given.parts.0.domain", "other", "comparisons.0.levels.1: values of different domains can never be equal"),
    # estimation
    ("estimation.dependent", [["surname", "nobody"]], "estimation.dependent: pairs of two different comparisons"),
    ("estimation.dependent", [["nobody", "surname"]], "estimation.dependent: pairs of two different comparisons"),
    ("estimation.dependent", [["given", "given"]], "estimation.dependent: pairs of two different comparisons"),
    ("estimation.dependent", [["surname=exact", "given"]], "estimation.dependent: pairs of two different comparisons"),
    (
        "estimation.dependent",
        [["surname", "given"], ["given", "surname"]],
        "estimation.dependent: 'given' and 'surname' already depend on each other through others",
    ),
    (
        "estimation.dependent",
        [["surname", "given"], ["surname", "given"]],
        "estimation.dependent: 'surname' and 'given' already depend on each other through others",
    ),
    (
        "estimation.dependent",
        [["surname", "given"], ["birth", "year"], ["given", "birth"], ["year", "surname"]],
        "estimation.dependent: 'year' and 'surname' already depend on each other through others",
    ),
    ("estimation.dependent", [["surname"]], "estimation.dependent.0.1: missing"),
    ("estimation.dependant", [], "estimation.dependant: unknown key"),
    # contradictions
    ("clustering.contradictions", [{"name": " ", "all": ["birth=different"]}], "clustering.contradictions.0: a name, and at least"),
    ("clustering.contradictions", [{"name": "two", "all": []}], "clustering.contradictions.0: a name, and at least one"),
    ("clustering.contradictions", [{"name": "two"}], "clustering.contradictions.0.all: missing"),
    ("clustering.contradictions", [{"all": ["birth=different"]}], "clustering.contradictions.0.name: missing"),
    (
        "clustering.contradictions",
        [{"name": "one", "all": ["birth=different"]}, {"name": "two", "all": ["birth=different", "birth=nothing"]}],
        "clustering.contradictions.1.all: 'birth=nothing' is no 'comparison=level'",
    ),
    (
        "clustering.contradictions",
        [{"name": "two", "all": ["nobody=different"]}],
        "clustering.contradictions.0.all: 'nobody=different' is no 'comparison=level'",
    ),
    ("clustering.contradictions", [{"name": "two", "all": ["birth"]}], "clustering.contradictions.0.all: 'birth' is no"),
    (
        "clustering.contradictions",
        [{"name": "two", "any": ["birth=different"], "all": ["birth=different"]}],
        "clustering.contradictions.0.any: unknown key",
    ),
    # blocking
    ("blocking", {"passes": [], "max_block": 6}, "blocking: neither passes nor joins"),
    ("blocking.max_block", 1, "blocking.max_block: at least 2"),
    ("blocking.passes.0", "surname_", "blocking.passes: no token is called 'surname_'"),
    ("blocking.joins.0.filters", ["surname", "date"], "blocking.joins.0: no filter is called 'date'"),
    ("blocking.joins.0.filters", [], "blocking.joins.0.filters: names no filter"),
    ("encoding.filters.given.bits", 256, "blocking.joins.0.filters: of several lengths, which cannot be joined"),
    ("blocking.joins.0.dice", 0, "blocking.joins.0.dice: permille, from 1 to 1000"),
    ("blocking.joins.0.dice", 1001, "blocking.joins.0.dice: permille, from 1 to 1000"),
    # statistics
    ("content.surname", {}, "content.surname: not on the white list"),
    ("content.stage", {}, "content.stage.codes: a code list is needed"),
    ("content.event_date", {"codes": {"A": []}}, "content.event_date.codes: a code list is needed"),
    ("content.role.codes.жертва", [], "content.role.codes: a code is Latin letters, digits, '.', '_' and '-'"),
    ("content.role.codes._U", [], "content.role.codes: a code is Latin letters, digits, '.', '_' and '-'"),
    ("content.role.codes.offender", ["Жертва "], "content.role.codes: one spelling has two codes"),
    ("content.role.codes.offender", ["VICTIM"], "content.role.codes: one spelling has two codes"),
    ("content.role.labels.vctim", "victims", "content.role.labels: 'vctim' is not a code of this field"),
    ("statistics.dimensions.0", "region", "statistics.dimensions: 'region' is not a content field"),
    ("clustering.threshold", 0, "clustering.threshold: permille, from 1 to 999"),
    ("clustering.threshold", 1000, "clustering.threshold: permille, from 1 to 999"),
    ("release.valid_days", 0, "release.valid_days: at least 1"),
    ("release.thresholds.witness", 3, "release.thresholds: 'witness' is not a role of this protocol"),
    ("release.thresholds.victim", 0, "release.thresholds.victim: at least 1"),
    # keys and types
    ("titel", "x", "titel: unknown key"),
    ("encoding.filters.birth.seed", 1, "encoding.filters.birth.seed: unknown key"),
    ("encoding.filters.birth.parts.0.seed", 1, "encoding.filters.birth.parts.0.seed: unknown key"),
    ("comparisons.0.levels.0.token", "surname", "comparisons.0.levels.0.token: a valid array"),
    ("comparisons.0.levels.0.tokens", [], "comparisons.0.levels.0.tokens: unknown key"),
    ("title", REMOVED, "title: missing"),
    ("encoding.filters.birth.parts.0.positions", "3", "encoding.filters.birth.parts.0.positions: a valid integer"),
    ("encoding.bits", 128.5, "encoding.bits: a valid integer"),
    ("encoding.scheme", "fields/2", "encoding.scheme: 'fields/1'"),
    ("normaliser", "norm/0", "normaliser: 'norm/1'"),
    (
        "encoding.filters.birth.parts.0.grams",
        "trigrams",
        "encoding.filters.birth.parts.0.grams: 'bigrams', 'digits', 'years' or 'value'",
    ),
    ("clustering.method", "single", "clustering.method: 'average'"),
]


@pytest.mark.parametrize(("path", "value", "said"), BROKEN, ids=[f"{path} {said.rpartition(': ')[2]}" for path, _, said in BROKEN])
def test_a_broken_rule_is_named_by_its_place(path, value, said, small):
    parse_protocol(small, "p.toml")
    found = problems(changed(small, path, value))
    assert [line for line in found if line.startswith(said)], found


BROKEN_LOCKS = [
    ("encoding.filters.whole.inner_bits", 100, "encoding.filters.whole.inner_bits: a multiple of 64"),
    ("encoding.filters.whole.inner_bits", 8256, "encoding.filters.whole.inner_bits: a multiple of 64"),
    ("encoding.filters.whole.diffusion", 0, "encoding.filters.whole.inner_bits: belongs to filters with diffusion"),
    ("encoding.filters.whole.bits", 192, "encoding.filters.whole.bits: a multiple of encoding.bits, of 64 to 8192"),
    ("encoding.filters.whole.bits", 256, "blocking.joins.0.filters: of several lengths, which cannot be joined"),
    ("encoding.filters.birth.bits", 256, "blocking.joins.0.filters: of several lengths, which cannot be joined"),
    ("encoding.filters.surname.locks.0", "nobody", "encoding: 'surname' is locked by 'nobody', which is no token"),
    ("encoding.filters.surname.locks.0", "given", "encoding: 'surname' is locked by 'given', which is locked itself"),
    ("encoding.tokens.given.locks.0", "whole", "encoding: 'given' is locked by 'whole', which is no token"),
    ("encoding.tokens.given.locks.0", "given", "encoding: 'given' is locked by 'given', which is locked itself"),
    ("encoding.filters.surname.locks.1", "date", "encoding: 'surname' is locked by 'date' twice"),
    ("encoding.tokens.given.hidden", True, "encoding.tokens.given.hidden: belongs to tokens that serve as locks"),
    ("encoding.tokens.surname", {"of": ["surname"]}, "encoding: 'surname' is a filter and a token, of which one is locked"),
    ("encoding.filters.given", {"parts": [PART]}, "encoding: 'given' is a filter and a token, of which one is locked"),
    ("comparisons.0.needs", ["surname"], "comparisons.0.needs: 'surname' is locked or hidden"),
    ("comparisons.1.needs", ["given"], "comparisons.1.needs: 'given' is locked or hidden"),
    ("comparisons.1.needs", ["sex"], "comparisons.1.needs: 'sex' is locked or hidden"),
    ("comparisons.1.levels.0.token.0", "sex", "comparisons.1.levels.0: 'sex' is hidden"),
    ("comparisons.0.observed_from", REMOVED, "comparisons.0.observed_from: belongs to comparisons that read a locked filter"),
    ("comparisons.1.observed_from", 500, "comparisons.1.observed_from: belongs to comparisons that read a locked filter"),
    ("comparisons.3.observed_from", 500, "comparisons.3.observed_from: belongs to comparisons that read a locked filter"),
    ("comparisons.0.observed_from", 0, "comparisons.0.observed_from: permille, from 1 to 1000"),
    ("comparisons.0.observed_from", 1001, "comparisons.0.observed_from: permille, from 1 to 1000"),
    ("comparisons.4.levels.0.any_token", ["year", "given"], "comparisons.4.levels.0: locked values can only be compared each with"),
    ("comparisons.4.levels.0.crossed_tokens", ["given", "year"], "comparisons.4.levels.0: locked values can only be compared each"),
    ("comparisons.3.levels.0", CROSSED, "comparisons.3.levels.0: locked values can only be compared each with itself"),
    ("blocking.passes.0", "given", "blocking.passes: no token is called 'given'"),
    ("blocking.passes.0", "given@date", "blocking.passes: no token is called 'given@date'"),
    ("blocking.split", {"year": ["given"]}, "blocking.split: 'year' is not a pass"),
    ("blocking.split", {"date": ["given", "family"]}, "blocking.split.date: no token 'family' is open or under this lock"),
    ("blocking.passes.0", "sex", "blocking.passes: no token is called 'sex'"),
    ("blocking.joins.0.filters.0", "birth", "blocking.joins.0: no filter is called 'birth'"),
    ("blocking.joins.0.filters.0", "surname@date", "blocking.joins.0: no filter is called 'surname@date'"),
]


@pytest.mark.parametrize(
    ("path", "value", "said"), BROKEN_LOCKS, ids=[f"{path} {said.rpartition(': ')[2]}" for path, _, said in BROKEN_LOCKS]
)
def test_a_broken_rule_of_locks_is_named_by_its_place(path, value, said, locked):
    parse_protocol(locked, "p.toml")
    found = problems(changed(locked, path, value))
    assert [line for line in found if line.startswith(said)], found


@pytest.mark.parametrize("value", [0, 1, 1000])
def test_a_token_may_be_unshared_by_any_permille_of_the_records(value, small):
    agreed = parse_protocol(changed(small, "encoding.tokens.year.unshared", value), "p")
    assert agreed.encoding.tokens["year"].unshared == value


@pytest.mark.parametrize("value", [0, 1, 1000])
def test_a_token_may_be_rare_by_any_permille_of_the_records(value, small):
    agreed = parse_protocol(changed(small, "encoding.tokens.year.rare", value), "p")
    assert agreed.encoding.tokens["year"].rare == value


@pytest.mark.parametrize("value", [128, 256, 8192])
def test_a_filter_may_be_as_long_as_several_others(value, small):
    agreed = parse_protocol(changed(small, "encoding.filters.birth.bits", value), "p")
    assert agreed.encoding.bits_of("birth") == value
    assert len(agreed.filters) == 2 + value // 128


@pytest.mark.parametrize("usual", [0, -64, 100])
def test_the_length_of_one_filter_is_held_against_that_of_all_even_where_that_is_wrong(usual, small):
    small["encoding"]["filters"]["birth"]["bits"] = 130
    found = problems(changed(small, "encoding.bits", usual))
    assert any(line.startswith("encoding.bits: a multiple of 64") for line in found)
    assert any(line.startswith("encoding.filters.birth.bits: a multiple of encoding.bits") for line in found)


def test_filters_of_one_length_may_be_joined_however_long_they_are(small):
    for name in ("surname", "given"):
        small["encoding"]["filters"][name]["bits"] = 256
    assert parse_protocol(small, "p").blocking.joins[0].filters == ("surname", "given")


def test_errors_may_be_held_between_two_shares_and_at_one(small):
    assert [(one.gross_errors, one.most_errors) for one in parse_protocol(small, "p").comparisons[:2]] == [
        (0, 10_000),
        (100, 10_000),
    ]
    for least, most in ((0, 1), (100, 100), (5000, 10_000)):
        small["comparisons"][1] |= {"gross_errors": least, "most_errors": most}
        agreed = parse_protocol(small, "p").comparisons[1]
        assert (agreed.gross_errors, agreed.most_errors) == (least, most)


def test_any_level_may_be_silent_the_last_and_all_of_them_too(small):
    for silent in (["different"], ["exact"], ["exact", "exchanged", "similar", "different"]):
        assert parse_protocol(changed(small, "comparisons.0.silent", silent), "p").comparisons[0].silent == tuple(silent)


def test_comparisons_may_depend_on_each_other_as_a_forest(small):
    assert parse_protocol(small, "p").estimation.dependent == ()
    for pairs in (
        [["surname", "given"]],
        [["year", "surname"]],
        [["surname", "given"], ["birth", "year"]],
        [["surname", "given"], ["given", "birth"], ["given", "year"]],
        [["surname", "given"], ["birth", "given"], ["year", "given"]],
    ):
        agreed = parse_protocol(changed(small, "estimation.dependent", pairs), "p")
        assert agreed.estimation.dependent == tuple(map(tuple, pairs))


def test_a_contradiction_may_ask_for_any_level_and_for_none(small):
    everything = ["surname=exchanged", "given=different", "year=not observed"]
    small["clustering"]["contradictions"] = [{"name": "two", "all": everything}, {"name": "late", "all": ["year=same"]}]
    found = parse_protocol(small, "p").clustering.contradictions
    assert [(one.name, one.all) for one in found] == [("two", tuple(everything)), ("late", ("year=same",))]


def test_an_encoding_of_nothing_is_refused(small):
    small["encoding"]["filters"] = small["encoding"]["tokens"] = {}
    assert "encoding: neither filters nor tokens" in problems(small)


def test_more_patterns_than_can_be_numbered_are_refused(small):
    year = small["comparisons"][2]
    small["comparisons"] = [{**year, "name": f"birth_{n}"} for n in range(27)]
    parse_protocol(small, "p")
    small["comparisons"].append({**year, "name": "birth_27"})
    assert problems(small) == ["comparisons: their levels make more agreement patterns than can be numbered"]


def test_all_problems_are_told_at_once(small):
    for path, value in (("project", ""), ("encoding.bits", 65), ("blocking.max_block", 0), ("release.valid_days", -1)):
        changed(small, path, value)
    assert len(problems(small)) == 4


def test_all_wrong_keys_and_types_are_told_at_once(small):
    for path, value in (("project", 3), ("encoding.bits", "x"), ("nonsense", 0)):
        changed(small, path, value)
    assert len(problems(small)) == 3


@pytest.mark.parametrize("value", [REMOVED, "headcount-protocol/2", 1])
def test_another_format_is_refused_before_anything_else(value, small):
    assert problems(changed(changed(small, "project", ""), "format", value)) == ["format is not headcount-protocol/1"]


def test_a_level_may_have_several_tests_and_a_comparison_need_nothing(small):
    changed(small, "comparisons.2.needs", [])
    changed(small, "comparisons.2.levels.0.filter", "birth")
    changed(small, "comparisons.2.levels.0.dice", 1000)
    comparison = parse_protocol(small, "p").comparisons[2]
    assert comparison.needs == ()
    assert (comparison.levels[0].tokens, comparison.levels[0].filters) == (("date",), ("birth",))


def test_a_million_strangers_are_at_the_levels_and_the_rest_at_different(small):
    changed(small, "comparisons.1.strangers", [20, 999_979])
    agreed = parse_protocol(small, "p")
    assert agreed.comparisons[1].strangers_per_level == (20, 999_979, 1)
    assert agreed.comparisons[0].strangers_per_level == (10_000, 10_000, 10_000, 970_000)


def test_what_is_behind_locks_is_read_from_the_levels(locked_protocol):
    behind = {one.name for one in locked_protocol.comparisons if locked_protocol.behind_locks(one)}
    assert behind == {"surname", "given", "birth"}


def test_a_pass_is_blind_to_what_it_does_not_tell(locked_protocol):
    """Whom it brings together by chance shows how often strangers agree on that."""
    of = {one.name: locked_protocol.blind_passes(one) for one in locked_protocol.comparisons}
    assert of["surname"] == ("date", "given_year")
    assert of["given"] == ("date", "surname_year")
    assert of["birth"] == ()


@pytest.mark.parametrize("shared", ["patronymic", "address", "phone", "email", "case_number", "document_number", "tax_number"])
def test_a_pass_over_what_relatives_share_is_blind_to_nothing(shared, locked):
    locked["encoding"]["tokens"]["more"] = {"of": ["birth_year"]}
    locked["blocking"]["passes"] = ["date", "more"]
    comparison = parse_protocol(locked, "p").comparisons[0]
    assert parse_protocol(locked, "p").blind_passes(comparison) == ("date", "more")
    locked["encoding"]["tokens"]["more"]["of"].append(shared)
    assert parse_protocol(locked, "p").blind_passes(comparison) == ("date",)


def test_a_comparison_may_depend_on_an_earlier_level_and_on_its_absence(small):
    for condition in ("birth=exact", "birth=different", "birth=not observed", "surname=similar"):
        assert parse_protocol(changed(small, "comparisons.3.only_if", condition), "p").comparisons[3].only_if == condition


@pytest.mark.parametrize("name", READY)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_ready_protocol_is_valid_and_its_file_reads_the_same(name, scheme, tmp_path):
    agreed = ready_protocol(name, scheme)
    (tmp_path / "p.toml").write_text(ready_text(name, scheme), "utf-8")
    assert read_protocol(tmp_path / "p.toml") == agreed
    assert agreed.encoding.scheme == scheme
    assert agreed.comparisons
    assert agreed.blocking.passes or agreed.blocking.joins


@pytest.mark.parametrize("name", READY)
def test_every_scheme_is_another_protocol_and_one_is_the_default(name):
    assert len({ready_protocol(name, scheme).id for scheme in SCHEMES}) == len(SCHEMES) == 6
    assert ready_protocol(name) == ready_protocol(name, DEFAULT_SCHEME)


def test_there_is_no_other_ready_protocol_and_no_other_scheme():
    with pytest.raises(SchemaError, match="tip, persons, national"):
        ready_protocol("../persons")
    with pytest.raises(SchemaError, match="fields/1, .*locked/1"):
        ready_protocol("persons", "../locked/1")


@pytest.mark.parametrize("name", READY)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_id_is_the_digest_of_canonical_json_and_survives_a_round_trip(name, scheme):
    agreed = ready_protocol(name, scheme)
    assert agreed.id == digest_of_bytes(agreed.canonical)
    again = parse_protocol(json.loads(agreed.canonical), "bundle")
    assert (again, again.id) == (agreed, agreed.id)


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from leaves(item, (*path, at))
    else:
        yield path, value


def with_leaf(data, path, value):
    copy = json.loads(json.dumps(data))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return copy


def other(value):
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 64 if value >= 64 else value + 1]
    return [value + "x"]


LARGE = ("encoding", "comparisons", "content")  # of `tip`; the small protocols have every kind of leaf in them


@pytest.mark.parametrize(("name", "but_in"), [("tip", LARGE), ("small", ()), ("locked", ())])
def test_changing_any_leaf_changes_the_id_or_is_refused(name, but_in, small_protocol, locked_protocol):
    agreed = {"small": small_protocol, "locked": locked_protocol, "tip": ready_protocol("tip")}[name]
    data = plain(agreed)
    seen, accepted = {agreed.id}, 0
    looked_at = [(path, value) for path, value in leaves(data) if path[0] not in but_in]
    for path, value in looked_at:
        for changed_value in other(value):
            try:
                found = parse_protocol(with_leaf(data, path, changed_value), "p").id
            except SchemaError:
                continue
            assert found not in seen, path
            seen.add(found)
            accepted += 1
    assert accepted > len(looked_at) / 5


def test_order_of_keys_and_defaults_written_out_do_not_change_the_id(small, small_protocol):
    backwards = json.loads(json.dumps(small), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert list(backwards) == list(reversed(small))
    assert parse_protocol(backwards, "p").id == small_protocol.id
    small["comparisons"][0]["gross_errors"] = 0
    small["comparisons"][0] |= {"most_errors": 10_000, "silent": []}
    small["encoding"]["tokens"]["year"] |= {"rare": 0, "unshared": 0}
    small["estimation"] = {"dependent": []}
    small["clustering"]["contradictions"] = []
    small["statistics"]["order"] = ["court"]
    assert parse_protocol(small, "p").id == small_protocol.id


def test_the_order_of_levels_and_comparisons_is_part_of_the_agreement(small, small_protocol):
    small["comparisons"][1]["levels"].reverse()
    assert parse_protocol(small, "p").id != small_protocol.id


def test_axes_are_sorted_names_and_sources_default_to_duplicates(small_protocol):
    assert small_protocol.filters == ("birth", "given", "surname")
    assert small_protocol.tokens == ("date", "name_year", "surname", "swapped", "year")
    assert small_protocol.words == 2
    assert small_protocol.source("police") == Source(duplicates=True)
    assert not small_protocol.source("court").duplicates


def test_a_file_that_is_missing_or_not_toml_is_named(tmp_path):
    with pytest.raises(ExtractError, match=r"none\.toml"):
        read_protocol(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text('format = "headcount-protocol/1"\nproject = secret word\n')
    with pytest.raises(SchemaError, match="not valid TOML") as caught:
        read_protocol(tmp_path / "bad.toml")
    assert "secret" not in str(caught.value)
