"""The axes: every copy of every filter and token once, in an order that the protocol alone decides."""

import json

import pytest

from linkage.encoding import Copy, Encoding, Filter, Token
from linkage.protocol import READY, SCHEMES, parse_protocol, ready_protocol


def encoding(filters, tokens, **bits):
    """An encoding of which only names, locks, `hidden` and the filters' own `bits` matter."""
    specs = {name: Filter((), locks=locks, bits=bits.get(name)) for name, locks in filters.items()}
    return Encoding("locked/1", 64, specs, tokens)


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


def test_a_filter_is_as_long_as_all_are_or_as_it_says():
    e = encoding({"birth": (), "whole": ()}, {}, whole=192)
    assert (e.bits_of("birth"), e.bits_of("whole")) == (64, 192)


def test_a_long_filter_takes_places_in_a_row_and_the_first_bears_its_name():
    e = encoding({"birth": (), "whole": (), "z": ()}, {}, whole=192)
    assert e.filter_places == ("birth", "whole", "whole+2", "whole+3", "z")
    assert labels(e.filter_copies) == ["birth", "whole", "z"]


def test_the_places_of_a_long_filter_are_counted_and_not_sorted():
    """Sorted by label, `whole+10` would stand before `whole+2`, and the filter would be put together in another order."""
    places = encoding({"whole": ()}, {}, whole=64 * 12).filter_places
    assert places == ("whole", *(f"whole+{number}" for number in range(2, 13)))
    assert list(places) != sorted(places)


def test_every_copy_of_a_long_filter_has_its_places():
    e = encoding({"whole": ("date", "year")}, {"date": Token(("birth_date",)), "year": Token(("birth_year",))}, whole=128)
    assert e.filter_places == ("whole@date", "whole@date+2", "whole@year", "whole@year+2")


def test_a_filter_that_says_the_usual_length_takes_one_place():
    e = encoding({"birth": (), "whole": ()}, {}, whole=64)
    assert e.filter_places == ("birth", "whole")


def with_long_filters(locked):
    """The protocol with locks in which an open filter has three places, and a locked one two for each copy."""
    locked["encoding"]["filters"]["whole"]["bits"] = 384
    locked["encoding"]["filters"]["surname"]["bits"] = 256
    locked["blocking"]["joins"] = [{"filters": ["whole"], "dice": 600, "max_records": 50}]
    return parse_protocol(locked, "long.toml")


def test_a_protocol_knows_where_each_copy_stands(locked):
    long = with_long_filters(locked)
    assert long.filters == (
        "birth@sex",
        *("surname@date", "surname@date+2"),
        *("surname@given_year", "surname@given_year+2"),
        *("whole", "whole+2", "whole+3"),
    )
    found = {copy.label: long.places(copy) for copy in long.encoding.filter_copies}
    assert found == {
        "birth@sex": slice(0, 1),
        "surname@date": slice(1, 3),
        "surname@given_year": slice(3, 5),
        "whole": slice(5, 8),
    }
    assert long.words == 2


@pytest.mark.parametrize("name", READY)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_places_of_the_copies_make_up_the_axis(name, scheme):
    agreed = ready_protocol(name, scheme)
    taken = [place for copy in agreed.encoding.filter_copies for place in range(len(agreed.filters))[agreed.places(copy)]]
    assert taken == list(range(len(agreed.filters)))


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
    copies = labels(agreed.encoding.filter_copies)
    assert copies == sorted(copies)
    assert [label for label in agreed.filters if "+" not in label] == copies


def test_the_axes_are_the_same_on_the_other_side_of_the_wall(locked, locked_protocol):
    """The unit reads the protocol from a bundle's canonical JSON, in which keys are sorted."""
    for agreed in (locked_protocol, with_long_filters(locked)):
        read = parse_protocol(json.loads(agreed.canonical), "bundle")
        assert (read.filters, read.tokens) == (agreed.filters, agreed.tokens)
