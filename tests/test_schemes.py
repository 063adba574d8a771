"""What a scheme promises: every ready protocol keeps the promise of its scheme, and what it leaks is said for each."""

import dataclasses

import pytest

from linkage.encoding import Encoding, Filter, FilterPart, Token
from linkage.protocol import READY, SCHEMES, ready_protocol
from linkage.schemes import GRAPH, follows, leaks

PART = (FilterPart("surname", "bigrams", 10),)
PLAIN, DIFFUSED, LOCKED = Filter(PART), Filter(PART, diffusion=8), Filter(PART, locks=("lock",))
LOCK, HIDDEN = Token(("birth_date", "surname")), Token(("birth_year",), hidden=True)


def encoding(scheme, filters, tokens=None):
    return Encoding(scheme, 256, {str(number): spec for number, spec in enumerate(filters)}, tokens or {})


@pytest.mark.parametrize("name", READY)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_ready_protocol_keeps_what_its_scheme_promises(name, scheme):
    assert follows(ready_protocol(name, scheme).encoding)


@pytest.mark.parametrize(
    ("kept", "broken"),
    [
        (encoding("diffused/1", [DIFFUSED, DIFFUSED]), encoding("diffused/1", [DIFFUSED, PLAIN])),
        (encoding("groups/1", [DIFFUSED], {"t": LOCK}), encoding("groups/1", [PLAIN])),
        (encoding("record/1", [DIFFUSED]), encoding("record/1", [DIFFUSED, DIFFUSED])),
        (encoding("record/1", [DIFFUSED], {"h": HIDDEN}), encoding("record/1", [DIFFUSED], {"t": LOCK})),
        (
            encoding("salted/1", [dataclasses.replace(DIFFUSED, locks=("h",))], {"h": HIDDEN}),
            encoding("salted/1", [DIFFUSED], {"h": HIDDEN}),
        ),
        (encoding("locked/1", [LOCKED, DIFFUSED], {"lock": LOCK}), encoding("locked/1", [LOCKED, PLAIN], {"lock": LOCK})),
        (encoding("locked/1", [LOCKED], {"lock": LOCK}), encoding("locked/1", [DIFFUSED], {"lock": LOCK})),
    ],
)
def test_a_promise_can_be_kept_and_broken(kept, broken):
    assert (follows(kept), follows(broken)) == (True, False)


def test_a_scheme_that_promises_nothing_is_always_followed():
    assert follows(encoding("fields/1", [PLAIN]))
    assert follows(encoding("unheard/1", [PLAIN]))


def test_each_scheme_leaks_something_of_its_own_and_all_of_them_the_graph():
    told = {leaks(encoding(scheme, [PLAIN])) for scheme in SCHEMES}
    assert len(told) == len(SCHEMES)
    assert all(text.endswith(GRAPH) and "linkage unit sees" in text for text in told)
    assert not any(character.isdigit() for text in told for character in text)


def test_the_sentence_is_that_of_the_security_page(pytestconfig):
    assert GRAPH in (pytestconfig.rootpath / "SECURITY.md").read_text("utf-8")


def test_of_an_unknown_scheme_nothing_is_claimed():
    assert leaks(encoding("unheard/1", [PLAIN])) == f"Nothing is known of this scheme. {GRAPH}"
