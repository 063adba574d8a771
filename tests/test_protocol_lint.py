"""The lint: every rule fires on a small protocol and keeps silent on its neighbour; ready protocols are as safe as they say."""

import ast
import dataclasses
import inspect
import json
import math

import numpy as np
import pytest

from linkage import protocol_lint
from linkage.coincidence import coincidence, strangers
from linkage.protocol import READY, parse_protocol, ready_protocol
from linkage.protocol_lint import SEVERITIES, findings

RARE = {"of": ["surname", "given_name", "birth_date"]}
WHOLE = {
    "diffusion": 8,
    "inner_bits": 1024,
    "parts": [
        {"of": "surname", "grams": "bigrams", "positions": 30},
        {"of": "given_name", "grams": "bigrams", "positions": 24},
        {"of": "birth_date.digits", "grams": "digits", "positions": 16},
    ],
}
NAME = {"parts": [{"of": "surname", "grams": "bigrams", "positions": 52, "shared": True}], "locks": ["lock"]}
# Nothing in it is refused or warned of; each test changes one thing.
SAFE = {
    "format": "headcount-protocol/1",
    "project": "bridges",
    "epoch": "2020",
    "title": "safe",
    "normaliser": "norm/1",
    "identifiers": ["surname", "given_name", "birth_date", "sex", "district"],
    "encoding": {
        "scheme": "locked/1",
        "bits": 256,
        "fill": True,
        "tokens": {"lock": {"of": ["given_name", "birth_date"]}, "sex": {"of": ["sex"], "locks": ["lock"]}},
        "filters": {"surname": NAME, "whole": WHOLE},
    },
    "comparisons": [
        {"name": "surname", "observed_from": 620, "levels": [{"name": "near", "filter": "surname", "dice": 800}]},
        {"name": "whole", "levels": [{"name": "near", "filter": "whole", "dice": 700}]},
    ],
    "blocking": {"passes": ["lock"], "max_block": 100, "joins": [{"filters": ["whole"], "dice": 700, "max_records": 1000}]},
    "clustering": {"method": "average", "threshold": 500},
    "statistics": {"dimensions": []},
    "content": {"role": {"codes": {"person": []}}},
    "release": {"thresholds": {"person": 3}, "valid_days": 400},
}


def with_entries(*entries):
    """The safe protocol as plain data, with the entry at each path `a.b.0.c` set."""
    data = json.loads(json.dumps(SAFE))
    for path, value in entries:
        *way, last = path.split(".")
        place = data
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place[step]
        place[int(last) if isinstance(place, list) else last] = value
    return data


def changed(path, value):
    """The same with one entry set."""
    return with_entries((path, value))


def found(data):
    """(severity, code, key) of each finding."""
    return {(one.severity, one.code, one.key) for one in findings(parse_protocol(data, "p.toml"))}


def hidden(of, **more):
    """The safe protocol with a further filter, under a hidden lock of these features."""
    salted = {**WHOLE, "locks": ["salt"], **more}
    return with_entries(("encoding.tokens.salt", {"of": of, "hidden": True}), ("encoding.filters.salted", salted))


def plain_name(positions, **more):
    return {"parts": [{"of": "surname", "grams": "bigrams", "positions": positions}], **more}


BIRTH = {"diffusion": 8, "parts": [{"of": "birth_date.digits", "grams": "digits", "positions": 16}]}
OTHER_LOCK = {"of": ["surname", "birth_date"], "domain": "lock"}
SURNAME_LOCK = {"of": ["surname", "given_name", "birth_date"]}

# (code, severity, key, what makes it fire, a neighbour of which it keeps silent)
RULES = [
    ("placeholder", "note", "project", changed("project", "Tip "), changed("project", "tipping")),
    ("placeholder", "note", "epoch", changed("epoch", "epoch"), changed("epoch", "2021")),
    (
        "scheme-mismatch",
        "warning",
        "encoding.scheme",
        changed("encoding.scheme", "record/1"),
        changed("encoding.scheme", "fields/1"),
    ),
    (
        "unfit-grams",
        "refused",
        "encoding.filters.whole.parts.0.grams",
        changed("encoding.filters.whole.parts.0.grams", "digits"),
        changed("encoding.filters.whole.parts.2.grams", "value"),
    ),
    (
        "never-sent",
        "warning",
        "encoding.filters.more",
        changed("encoding.filters.more", {**NAME, "parts": [{"of": "tax_number", "grams": "digits", "positions": 6}]}),
        changed("encoding.filters.more", {**NAME, "parts": [{"of": "patronymic", "grams": "bigrams", "positions": 6}]}),
    ),
    (
        "never-sent",
        "warning",
        "encoding.tokens.more",
        changed("encoding.tokens.more", {"of": ["document_number", "surname"]}),
        changed("encoding.tokens.more", RARE),
    ),
    (
        "too-empty",
        "warning",
        "encoding.filters.whole",
        changed("encoding.filters.whole.inner_bits", 4096),
        changed("encoding.filters.surname.parts.0.positions", 8),
    ),
    (
        "too-full",
        "warning",
        "encoding.filters.whole",
        changed("encoding.filters.whole.inner_bits", 512),
        changed("encoding.filters.whole.inner_bits", 704),
    ),
    (
        "too-full",
        "warning",
        "encoding.filters.surname",
        changed("encoding.filters.surname.parts.0.positions", 160),
        changed("encoding.filters.surname.parts.0.positions", 150),
    ),
    (
        "masked-fill",
        "note",
        "encoding.filters.surname",
        changed("title", "safe"),
        changed("encoding.filters.surname", {**plain_name(30), "diffusion": 8, "locks": ["lock"]}),
    ),
    (
        "missing-hardening",
        "refused",
        "encoding.filters.more",
        changed("encoding.filters.more", plain_name(20)),
        changed("encoding.filters.more", plain_name(20, locks=["lock"])),
    ),
    (
        "weak-diffusion",
        "warning",
        "encoding.filters.whole",
        changed("encoding.filters.whole.diffusion", 4),
        changed("encoding.filters.whole.diffusion", 5),
    ),
    (
        "weak-diffusion",
        "warning",
        "encoding.filters.salted",
        hidden(["birth_year"], diffusion=2),
        changed("encoding.filters.salted", {**WHOLE, "diffusion": 2, "locks": ["lock"]}),
    ),
    (
        "common-filter",
        "refused",
        "encoding.filters.more",
        changed("encoding.filters.more", plain_name(16, diffusion=8)),
        changed("encoding.filters.more", plain_name(16)),
    ),
    (
        "shared-filter",
        "warning",
        "encoding.filters.more",
        changed("encoding.filters.more", BIRTH),
        changed("encoding.filters.more", WHOLE),
    ),
    (
        "common-token",
        "refused",
        "encoding.tokens.more",
        changed("encoding.tokens.more", {"of": ["surname", "surname.skeleton", "sex"]}),
        changed("encoding.tokens.more", {"of": ["surname"], "locks": ["lock"]}),
    ),
    (
        "shared-token",
        "warning",
        "encoding.tokens.more",
        changed("encoding.tokens.more", {"of": ["birth_date", "birth_year", "birth_date.month_day"]}),
        changed("encoding.tokens.more", {"of": ["birth_date", "surname"]}),
    ),
    (
        "mostly-withheld",
        "warning",
        "encoding.tokens.more.unshared",
        changed("encoding.tokens.more", {"of": ["birth_date"], "unshared": 1000}),
        changed("encoding.tokens.more", {"of": ["birth_date", "surname"], "unshared": 1000}),
    ),
    (
        "not-withheld",
        "note",
        "encoding.tokens.more.unshared",
        changed("encoding.tokens.more", {"of": ["birth_date"], "unshared": 50}),
        changed("encoding.tokens.more", {"of": ["birth_date"], "unshared": 1000}),
    ),
    (
        "equality-graph",
        "refused",
        "encoding",
        changed("encoding.tokens.more", {"of": ["given_name", "sex"]}),
        changed("encoding.tokens.more", {"of": ["given_name", "district"]}),
    ),
    (
        "equality-graph",
        "warning",
        "encoding",
        changed("encoding.tokens.more", {"of": ["given_name", "district"]}),
        changed("encoding.tokens.more", {"of": ["given_name", "district"], "locks": ["lock"]}),
    ),
    (
        "equality-graph",
        "note",
        "encoding",
        changed("title", "safe"),
        changed("encoding.tokens.more", {"of": ["given_name", "district"]}),
    ),
    ("common-lock", "warning", "encoding.tokens.salt", hidden(["birth_year"]), hidden(["birth_date"])),
    (
        "common-lock",
        "refused",
        "encoding.tokens.salt",
        hidden(["birth_year"], diffusion=0, inner_bits=None),
        hidden(["birth_date"], diffusion=0, inner_bits=None),
    ),
    ("open-gaps", "warning", "encoding.fill", changed("encoding.fill", False), changed("encoding.fill", True)),
    (
        "nothing-to-compare",
        "note",
        "encoding.filters.surname",
        changed("encoding.tokens.lock", SURNAME_LOCK),
        with_entries(
            ("encoding.tokens.lock", SURNAME_LOCK),
            ("encoding.tokens.other", {"of": ["given_name", "birth_date"]}),
            ("encoding.filters.surname", {**NAME, "locks": ["lock", "other"]}),
        ),
    ),
    (
        "nothing-to-compare",
        "note",
        "encoding.tokens.sex",
        changed("encoding.tokens.lock", {"of": ["given_name", "birth_date", "sex"]}),
        changed("encoding.tokens.lock", RARE),
    ),
    (
        "visible-gaps",
        "note",
        "comparisons.1.needs",
        changed("comparisons.1.needs", ["whole"]),
        with_entries(("comparisons.1.needs", ["whole"]), ("encoding.fill", False)),
    ),
    (
        "observed-by-chance",
        "warning",
        "comparisons.0.observed_from",
        changed("comparisons.0.observed_from", 593),
        changed("comparisons.0.observed_from", 594),
    ),
    (
        "never-different",
        "warning",
        "comparisons.0.observed_from",
        changed("comparisons.0.observed_from", 760),
        changed("comparisons.0.observed_from", 680),
    ),
    (
        "chance-level",
        "warning",
        "comparisons.1.levels.0.dice",
        changed("comparisons.1.levels.0.dice", 624),
        changed("comparisons.1.levels.0.dice", 625),
    ),
    (
        "chance-level",
        "warning",
        "comparisons.0.levels.0.dice",
        changed("comparisons.0.levels.0.dice", 690),
        changed("comparisons.0.levels.0.dice", 720),
    ),
    (
        "chance-level",
        "warning",
        "blocking.joins.0.dice",
        changed("blocking.joins.0.dice", 600),
        changed("blocking.joins.0.dice", 625),
    ),
    (
        "crossed-diffused",
        "warning",
        "comparisons.1.levels.0",
        with_entries(
            ("encoding.filters.again", WHOLE),
            ("comparisons.1.levels", [{"name": "crossed", "crossed_filters": ["whole", "whole"], "dice": 700}]),
        ),
        changed("comparisons.1.levels.0.filter", "whole"),
    ),
    (
        "large-blocks",
        "warning",
        "blocking.passes.1",
        with_entries(("encoding.tokens.more", {"of": ["given_name"]}), ("blocking.passes", ["lock", "more"])),
        with_entries(
            ("encoding.tokens.more", {"of": ["given_name"]}), ("blocking", {"passes": ["lock", "more"], "max_block": 300})
        ),
    ),
    ("joins-only", "note", "blocking.passes", changed("blocking.passes", []), changed("blocking.passes", ["lock"])),
    (
        "small-threshold",
        "warning",
        "release.thresholds.person",
        changed("release.thresholds.person", 2),
        changed("release.thresholds.person", 3),
    ),
]


@pytest.mark.parametrize(
    ("code", "severity", "key", "wrong", "right"), RULES, ids=[f"{rule[0]} {rule[1]} {rule[2]}" for rule in RULES]
)
def test_a_rule_fires_where_it_should_and_nowhere_beside_it(code, severity, key, wrong, right):
    assert (severity, code, key) in found(wrong)
    assert (severity, code, key) not in found(right)


def told_of(key, *entries):
    """Codes of warnings about an entry of the safe protocol, with some entries set."""
    return {code for severity, code, at in found(with_entries(*entries)) if at == key and severity == "warning"}


def test_a_longer_filter_tells_weaker_likeness_from_chance():
    """4,096 parities deviate by 1/128 and not by 1/32: four deviations are 532 permille and not 625."""
    level, join = "comparisons.1.levels.0.dice", "blocking.joins.0.dice"
    long = ("encoding.filters.whole.bits", 4096)
    for key in (level, join):
        assert told_of(key, (key, 532)) == {"chance-level"}
        assert told_of(key, long, (key, 532)) == set()
        assert told_of(key, long, (key, 531)) == {"chance-level"}


def test_a_join_is_judged_by_the_filters_that_it_joins():
    """A shorter diffused filter that it does not read is not in it."""
    short = ("encoding.filters.short", {**WHOLE, "locks": ["lock"]})
    long = ("encoding.filters.whole.bits", 4096)
    assert told_of("blocking.joins.0.dice", short, long, ("blocking.joins.0.dice", 532)) == set()


def test_what_counts_as_seen_is_held_against_the_filters_own_length():
    """Three deviations of 256 bits are 594 permille, of 1,024 bits 547."""
    key, long = "comparisons.0.observed_from", ("encoding.filters.surname.bits", 1024)
    more = ("encoding.filters.surname.parts.0.positions", 208)
    assert told_of(key, (key, 547)) == {"observed-by-chance"}
    assert told_of(key, long, more, (key, 547)) == set()
    assert told_of(key, long, more, (key, 546)) == {"observed-by-chance"}


def test_a_long_filter_is_as_full_as_its_own_bits_say():
    filled = [
        next(one.text for one in findings(parse_protocol(with_entries(*entries), "p")) if one.code == "masked-fill")
        for entries in (
            (),
            (("encoding.filters.surname.bits", 1024),),
            (("encoding.filters.surname.bits", 1024), ("encoding.filters.surname.parts.0.positions", 208)),
        )
    ]
    assert [text.partition("%")[0] for text in filled] == ["18", "5", "18"]


def test_before_diffusion_a_filter_is_as_full_as_its_inner_bits_say():
    key = "encoding.filters.whole"
    assert told_of(key, ("encoding.filters.whole.bits", 4096)) == set()
    assert told_of(key, ("encoding.filters.whole.bits", 4096), ("encoding.filters.whole.inner_bits", None)) == {"too-empty"}


def test_a_safe_protocol_gets_notes_only():
    assert {severity for severity, _, _ in found(SAFE)} == {"note"}


@pytest.mark.parametrize("key", ["encoding.scheme", "normaliser"])
def test_a_version_that_nobody_knows_is_refused(key):
    agreed = parse_protocol(SAFE, "p.toml")
    if key == "normaliser":
        strange = dataclasses.replace(agreed, normaliser="norm/0")
    else:
        strange = dataclasses.replace(agreed, encoding=dataclasses.replace(agreed.encoding, scheme="unheard/1"))
    told = {(one.severity, one.code, one.key) for one in findings(strange)}
    assert ("refused", "unknown-version", key) in told
    assert not [code for _, code, _ in found(SAFE) if code == "unknown-version"]


def test_that_all_is_keyed_is_said_of_every_protocol():
    assert ("note", "keyed", "encoding") in found(SAFE)


def test_every_code_of_the_module_is_tested_here():
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(protocol_lint))) if isinstance(node, ast.Call)]
    codes = [node.args[2] for node in calls if getattr(node.func, "id", "") == "Finding"]
    spelt = {code.value for code in codes if isinstance(code, ast.Constant)}
    assert len(codes) > 20
    assert spelt | {"common-filter", "common-token", "shared-filter", "shared-token"} == {rule[0] for rule in RULES} | {
        "keyed",
        "unknown-version",
    }


def test_a_warning_and_a_refusal_say_what_to_try_and_nothing_ends_in_a_full_stop():
    for _, _, _, wrong, _ in RULES:
        for one in findings(parse_protocol(wrong, "p.toml")):
            assert one.severity in SEVERITIES
            assert one.hint or one.severity == "note"
            assert not one.text.endswith(".")
            assert "\n" not in one.text + one.hint


def test_findings_come_worst_first_and_each_time_the_same():
    told = findings(ready_protocol("tip", "fields/1"))
    assert [one.severity for one in told] == sorted((one.severity for one in told), key=SEVERITIES.index)
    assert told == findings(ready_protocol("tip", "fields/1"))


def test_the_reason_says_how_many_strangers_share_a_value():
    told = [
        one
        for one in findings(parse_protocol(changed("encoding.tokens.more", {"of": ["birth_date"]}), "p"))
        if one.code == "shared-token"
    ]
    assert f"{strangers(['birth_date'], 1_000):.2g} strangers in 1,000 records" in told[0].text
    assert f"{strangers(['birth_date'], 50_000):.2g} in 50,000" in told[0].text


def test_a_hidden_lock_counts_to_what_two_records_must_agree_on():
    """A token under a hidden lock is seen to be equal wherever it and the lock are."""
    data = with_entries(
        ("encoding.tokens.salt", {"of": ["birth_year"], "hidden": True}),
        ("encoding.tokens.more", {"of": ["surname"], "locks": ["salt"]}),
    )
    assert coincidence(["surname", "birth_year"]) < 12
    assert ("refused", "common-token", "encoding.tokens.more") in found(data)
    data["encoding"]["tokens"]["more"]["of"] = ["surname", "birth_date"]
    assert not [key for _, code, key in found(data) if code == "common-token"]


def test_an_identifier_that_nobody_sends_makes_no_token_visible():
    data = changed("encoding.tokens.more", {"of": ["region"]})
    assert [code for severity, code, _ in found(data) if severity == "refused"] == []
    data["identifiers"].append("region")
    assert ("refused", "common-token", "encoding.tokens.more") in found(data)


@pytest.mark.parametrize("diffused", [True, False])
def test_the_likeness_of_different_values_is_what_random_filters_have(diffused):
    """The two bounds that levels are held against, drawn: 1 − 2f(1 − f) behind one mask, a half where bits are parities."""
    rng, bits, n = np.random.default_rng(2), 256, 3_000
    share = 0.5 if diffused else 0.184
    one, other, mask = rng.random((n, bits)) < share, rng.random((n, bits)) < share, rng.random((n, bits)) < 0.5
    one, other = one ^ mask, other ^ mask
    dice = 1000 * 2 * (one & other).sum(axis=1) / (one.sum(axis=1) + other.sum(axis=1))
    if diffused:
        noise = protocol_lint._beyond_chance(3, bits)
        assert noise == math.ceil(500 + 3 * 500 / math.sqrt(bits))
        assert 0 < np.mean(dice >= noise) < 0.01
    else:
        agreed = parse_protocol(SAFE, "p.toml")
        assert protocol_lint._different(agreed, agreed.encoding.filters["surname"]) == pytest.approx(np.mean(dice), abs=5)


@pytest.mark.parametrize("joined", [1, 2, 3])
def test_the_noise_of_joined_filters_is_that_of_drawn_ones(joined):
    rng, bits, n = np.random.default_rng(3), 1024, 2_000
    one, other = (np.any(rng.random((joined, n, bits)) < 0.5, axis=0) for _ in range(2))
    dice = 1000 * 2 * (one & other).sum(axis=1) / (one.sum(axis=1) + other.sum(axis=1))
    assert protocol_lint._beyond_chance(0, bits, joined) == pytest.approx(np.mean(dice), abs=2)
    assert np.mean(dice >= protocol_lint._beyond_chance(4, bits, joined)) < 0.001


@pytest.mark.parametrize("name", READY)
def test_of_ready_protocols_the_default_is_not_refused_and_plain_fields_are(name):
    refused = {
        scheme: [one for one in findings(ready_protocol(name, scheme)) if one.severity == "refused"]
        for scheme in ("locked/1", "fields/1")
    }
    assert refused["locked/1"] == []
    assert {one.code for one in refused["fields/1"]} == {"missing-hardening", "common-token", "equality-graph"}


@pytest.mark.parametrize("name", READY)
@pytest.mark.parametrize("scheme", ["groups/1", "record/1", "salted/1"])
def test_diffused_groups_and_records_are_not_refused(name, scheme):
    assert not [one for one in findings(ready_protocol(name, scheme)) if one.severity == "refused"]


@pytest.mark.parametrize("name", READY)
def test_a_diffused_filter_of_one_field_shows_frequencies(name):
    told = [one.key for one in findings(ready_protocol(name, "diffused/1")) if one.code == "common-filter"]
    assert "encoding.filters.surname" in told
