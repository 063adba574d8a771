"""The protocol: every rule refuses what breaks it and names the place; the ID is that of the meaning, to the last leaf."""

import json

import pytest

from linkage.canonical import digest_of_bytes
from linkage.errors import ExtractError, SchemaError
from linkage.protocol import READY, Source, parse_protocol, read_protocol, ready_protocol, ready_text
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
    ("encoding.filters.birth.of", "horoscope", "encoding.filters.birth.of: 'horoscope' is not a feature"),
    ("encoding.filters.birth.positions", 0, "encoding.filters.birth.positions: from 1 to 64"),
    ("encoding.filters.birth.positions", 65, "encoding.filters.birth.positions: from 1 to 64"),
    ("encoding.tokens.year.of", ["birth_year", "horoscope"], "encoding.tokens.year.of: 'horoscope' is not a feature"),
    ("encoding.tokens.year.of", [], "encoding.tokens.year.of: names no feature"),
    ("encoding.filters.Né", {"of": "sex", "grams": "bigrams", "positions": 1}, "encoding: 'Né' is not a name"),
    ("encoding.tokens.a b", {"of": ["sex"]}, "encoding: 'a b' is not a name"),
    # comparisons
    ("comparisons", [], "comparisons: there is none"),
    ("comparisons.1.name", "surname", "comparisons.1.name: 'surname' is used twice"),
    ("comparisons.0.name", "sur=name", "comparisons.0.name: small letters, digits and _"),
    ("comparisons.0.levels", [], "comparisons.0: needs at least one entry in 'levels' and in 'needs'"),
    ("comparisons.0.needs", [], "comparisons.0: needs at least one entry in 'levels' and in 'needs'"),
    ("comparisons.0.needs", ["nobody"], "comparisons.0.needs: no filter or token is called 'nobody'"),
    ("comparisons.0.gross_errors", -1, "comparisons.0.gross_errors: of 10,000, from 0 to 5000"),
    ("comparisons.0.gross_errors", 5001, "comparisons.0.gross_errors: of 10,000, from 0 to 5000"),
    ("comparisons.1.strangers", [10], "comparisons.1.strangers: of 10,000, at least 1 for each level"),
    ("comparisons.1.strangers", [10, 20, 9970], "comparisons.1.strangers: of 10,000, at least 1 for each level"),
    ("comparisons.1.strangers", [10, 0], "comparisons.1.strangers: of 10,000, at least 1 for each level"),
    ("comparisons.1.strangers", [10, 9990], "comparisons.1.strangers: of 10,000, at least 1 for each level"),
    ("comparisons.3.only_if", "nobody=exact", "comparisons.3.only_if: 'comparison=level' of an earlier comparison"),
    ("comparisons.3.only_if", "birth=nothing", "comparisons.3.only_if: 'comparison=level' of an earlier comparison"),
    ("comparisons.3.only_if", "birth", "comparisons.3.only_if: 'comparison=level' of an earlier comparison"),
    ("comparisons.1.unless", "year=same", "comparisons.1.unless: 'comparison=level' of an earlier comparison"),
    ("comparisons.1.unless", "given=near", "comparisons.1.unless: 'comparison=level' of an earlier comparison"),
    ("comparisons.0.levels.2.name", "exact", "comparisons.0.levels: each name once, none of 'different' and 'not observed'"),
    ("comparisons.0.levels.2.name", "different", "comparisons.0.levels: each name once, none of 'different' and 'not observed'"),
    ("comparisons.0.levels.2.name", "not observed", "comparisons.0.levels: each name once, none of 'different' and 'not observed'"),
    # levels
    ("comparisons.0.levels.0.crossed_tokens", ["date", "swapped"], "comparisons.0.levels.0: exactly one of token"),
    ("comparisons.0.levels.0.token", REMOVED, "comparisons.0.levels.0: exactly one of token"),
    ("comparisons.0.levels.2.dice", REMOVED, "comparisons.0.levels.2.dice: belongs to levels with a filter"),
    ("comparisons.0.levels.0.dice", 500, "comparisons.0.levels.0.dice: belongs to levels with a filter"),
    ("comparisons.0.levels.2.dice", 0, "comparisons.0.levels.2.dice: permille, from 1 to 1000"),
    ("comparisons.0.levels.2.dice", 1001, "comparisons.0.levels.2.dice: permille, from 1 to 1000"),
    ("comparisons.0.levels.0.token", "birth", "comparisons.0.levels.0: no token is called 'birth'"),
    ("comparisons.2.levels.1.crossed_tokens", ["date", "dat"], "comparisons.2.levels.1: no token is called 'dat'"),
    ("comparisons.0.levels.2.filter", "year", "comparisons.0.levels.2: no filter is called 'year'"),
    ("comparisons.0.levels.1.crossed_filters", ["surname", "x"], "comparisons.0.levels.1: no filter is called 'x'"),
    ("encoding.tokens.swapped.domain", REMOVED, "comparisons.2.levels.1: values of different domains can never be equal"),
    ("encoding.filters.given.domain", "other", "comparisons.0.levels.1: values of different domains can never be equal"),
    # blocking
    ("blocking", {"passes": [], "max_block": 6}, "blocking: neither passes nor joins"),
    ("blocking.max_block", 1, "blocking.max_block: at least 2"),
    ("blocking.passes.0", "surname_", "blocking.passes: no token is called 'surname_'"),
    ("blocking.joins.0.filters", ["surname", "date"], "blocking.joins.0: no filter is called 'date'"),
    ("blocking.joins.0.filters", [], "blocking.joins.0.filters: names no filter"),
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
    ("comparisons.0.levels.0.tokens", [], "comparisons.0.levels.0.tokens: unknown key"),
    ("title", REMOVED, "title: missing"),
    ("encoding.filters.birth.positions", "3", "encoding.filters.birth.positions: a valid integer"),
    ("encoding.bits", 128.5, "encoding.bits: a valid integer"),
    ("encoding.scheme", "fields/2", "encoding.scheme: 'fields/1'"),
    ("normaliser", "norm/0", "normaliser: 'norm/1'"),
    ("encoding.filters.birth.grams", "trigrams", "encoding.filters.birth.grams: 'bigrams' or 'digits'"),
    ("clustering.method", "single", "clustering.method: 'average'"),
]


@pytest.mark.parametrize(("path", "value", "said"), BROKEN, ids=[f"{path} {said.rpartition(': ')[2]}" for path, _, said in BROKEN])
def test_a_broken_rule_is_named_by_its_place(path, value, said, small):
    parse_protocol(small, "p.toml")
    found = problems(changed(small, path, value))
    assert [line for line in found if line.startswith(said)], found


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


def test_a_comparison_may_depend_on_an_earlier_level_and_on_its_absence(small):
    for condition in ("birth=exact", "birth=different", "birth=not observed", "surname=similar"):
        assert parse_protocol(changed(small, "comparisons.3.only_if", condition), "p").comparisons[3].only_if == condition


@pytest.mark.parametrize("name", READY)
def test_a_ready_protocol_is_valid_and_its_file_reads_the_same(name, tmp_path):
    agreed = ready_protocol(name)
    (tmp_path / "p.toml").write_text(ready_text(name), "utf-8")
    assert read_protocol(tmp_path / "p.toml") == agreed
    assert agreed.comparisons
    assert agreed.blocking.passes


def test_there_is_no_other_ready_protocol():
    with pytest.raises(SchemaError, match="tip and persons"):
        ready_protocol("../persons")


@pytest.mark.parametrize("name", READY)
def test_the_id_is_the_digest_of_canonical_json_and_survives_a_round_trip(name):
    agreed = ready_protocol(name)
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


@pytest.mark.parametrize("name", ["tip", "small"])
def test_changing_any_leaf_changes_the_id_or_is_refused(name, small_protocol):
    agreed = small_protocol if name == "small" else ready_protocol(name)
    data = plain(agreed)
    seen, accepted = {agreed.id}, 0
    for path, value in leaves(data):
        for changed_value in other(value):
            try:
                found = parse_protocol(with_leaf(data, path, changed_value), "p").id
            except SchemaError:
                continue
            assert found not in seen, path
            seen.add(found)
            accepted += 1
    assert accepted > len(list(leaves(data))) / 5


def test_order_of_keys_and_defaults_written_out_do_not_change_the_id(small, small_protocol):
    backwards = json.loads(json.dumps(small), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert list(backwards) == list(reversed(small))
    assert parse_protocol(backwards, "p").id == small_protocol.id
    small["comparisons"][0]["gross_errors"] = 0
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
