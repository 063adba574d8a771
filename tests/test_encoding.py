"""The axes: every copy of every filter and token once, in an order that the protocol alone decides."""

import json

import pytest

from linkage.encoding import Copy, Encoding, Filter, Token
from linkage.protocol import READY, SCHEMES, parse_protocol, ready_protocol


def encoding(filters, tokens):
    """An encoding of which only names, locks and `hidden` matter."""
    return Encoding("locked/1", 64, {name: Filter((), locks=locks) for name, locks in filters.items()}, tokens)


def labels(copies):
    return [copy.label for copy in copies]


def test_a_copy_is_called_by_its_name_and_its_lock():
    assert Copy("surname", "date").label == "surname@date"
    assert Copy("surname", None).label == "surname"


def test_what_is_locked_has_a_copy_for_each_lock_and_none_of_its_own():
    tokens = {"date": Token(("birth_date",)), "year": Token(("birth_year",)), "sex": Token(("sex",), locks=("year",))}
    e = encoding({"surname": ("year", "date"), "given": ()}, tokens)
    assert e.filter_copies == (Copy("given", None), Copy("surname", "date"), Copy("surname", "year"))
    assert e.token_copies == (Copy("date", None), Copy("sex", "year"), Copy("year", None))
    assert e.locked == {"surname", "sex"}


def test_an_axis_is_sorted_by_label():
    """By label and not by name and lock: `name_b` would stand before `name@z` in one order and behind it in the other."""
    e = encoding({"name_b": (), "name": ("z", "a"), "name2": ()}, {"a": Token(("sex",)), "z": Token(("sex",))})
    assert labels(e.filter_copies) == ["name2", "name@a", "name@z", "name_b"] == sorted(labels(e.filter_copies))


def test_a_hidden_token_is_on_no_axis_and_still_locks():
    e = encoding({"surname": ("sex",)}, {"sex": Token(("sex",), hidden=True), "year": Token(("birth_year",))})
    assert labels(e.token_copies) == ["year"]
    assert labels(e.filter_copies) == ["surname@sex"]


def test_a_protocols_axes_are_the_labels(locked_protocol):
    assert locked_protocol.filters == ("birth@sex", "surname@date", "surname@given_year", "whole")
    open_tokens = ("date", "family@swapped", "given@date", "given@surname_year", "given_year", "surname_year", "swapped", "year")
    assert locked_protocol.tokens == open_tokens


def test_the_order_in_which_locks_are_named_changes_no_axis(locked, locked_protocol):
    for kind in ("filters", "tokens"):
        locked["encoding"][kind] = dict(reversed(locked["encoding"][kind].items()))
    locked["encoding"]["filters"]["surname"]["locks"].reverse()
    turned = parse_protocol(locked, "turned.toml")
    assert (turned.filters, turned.tokens) == (locked_protocol.filters, locked_protocol.tokens)


@pytest.mark.parametrize("name", READY)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_two_copies_of_a_ready_protocol_share_a_label(name, scheme):
    agreed = ready_protocol(name, scheme)
    assert len(set(agreed.filters)) == len(agreed.filters)
    assert len(set(agreed.tokens)) == len(agreed.tokens)
    assert list(agreed.filters) == sorted(agreed.filters)


def test_the_axes_are_the_same_on_the_other_side_of_the_wall(locked_protocol):
    """The unit reads the protocol from a bundle's canonical JSON, in which keys are sorted."""
    read = parse_protocol(json.loads(locked_protocol.canonical), "bundle")
    assert (read.filters, read.tokens) == (locked_protocol.filters, locked_protocol.tokens)
