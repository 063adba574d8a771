"""A summary in a manifest: optional, of counts that can be, and never for the unit."""

import dataclasses
import json

import pytest

from linkage.bundle.format import Summary, parse_manifest
from linkage.canonical import canonical_json
from linkage.errors import FormatError
from linkage.schema import plain

SUMMARY = Summary({"surname": 0, "birth_date": 3}, {"cyrillic": 5, "latin": 0, "mixed": 0, "none": 0}, blanked=1, left_out=2)


@pytest.fixture
def manifest(police, folders):
    """`manifest(summary, section)` as it is signed; five rows."""

    def made(summary, section="content"):
        return dataclasses.replace(police.manifest(b"", folders.unit.public), section=section, summary=summary)

    return made


def test_a_summary_comes_back_as_it_was_signed(manifest):
    assert parse_manifest(canonical_json(plain(manifest(SUMMARY))), "b").summary == SUMMARY


def test_without_one_nothing_is_said_of_it_as_in_bundles_before_there_were_summaries(manifest):
    signed = canonical_json(plain(manifest(None)))
    assert "summary" not in json.loads(signed)
    assert parse_manifest(signed, "b").summary is None


@pytest.mark.parametrize(
    "wrong",
    [
        Summary({"surname": 6}, {}),
        Summary({"surname": -1}, {}),
        Summary({"shoe_size": 1}, {}),
        Summary({}, {"runic": 1}),
        Summary({}, {"latin": 6}),
        Summary({}, {}, blanked=-1),
        Summary({}, {}, left_out=-1),
    ],
)
def test_counts_that_cannot_be_are_refused(manifest, wrong):
    with pytest.raises(FormatError, match="summary"):
        parse_manifest(canonical_json(plain(manifest(wrong))), "b")


def test_the_linking_section_has_none_since_gaps_are_hidden_from_the_unit(manifest):
    with pytest.raises(FormatError, match="summary"):
        parse_manifest(canonical_json(plain(manifest(SUMMARY, "linking"))), "b")


def test_free_text_has_no_place_in_a_summary(manifest):
    told = plain(manifest(SUMMARY))
    told["summary"]["note"] = "text"
    with pytest.raises(FormatError):
        parse_manifest(canonical_json(told), "b")
