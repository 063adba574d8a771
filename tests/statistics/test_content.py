from collections import namedtuple
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from linkage.bundle.body import content_body
from linkage.bundle.format import FORMAT, Manifest
from linkage.bundle.keyring import new_keys, open_keys
from linkage.bundle.open import open_bundle
from linkage.bundle.seal import seal
from linkage.canonical import digest_of_bytes
from linkage.errors import ExpiredError, FormatError, ProtocolMismatchError, SignatureError, UsageError, WrongRecipientError
from linkage.protocol import ready_protocol
from linkage.schema import plain
from linkage.statistics.content import Expected, expected_of, open_sections, trusting

TODAY = date(2019, 1, 31)
Office = namedtuple("Office", "keys other police court impostor")


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")

    def keys(role, name, place):
        new_keys(role, name, folder / place)
        return open_keys(folder / place, role)

    return Office(
        keys("statistics", "office", "office"),
        keys("statistics", "elsewhere", "elsewhere"),
        keys("agency", "police", "police"),
        keys("agency", "court", "court"),
        keys("agency", "police", "impostor"),
    )


def sealed(agency, reader, protocol, *, period="2018", sequence=1, values=None, reach=2):
    """A content section of `reach` records; values: field to the value of every record."""
    record = np.array([(f"{letter}" * 26).encode() for letter in "ABCDEFGH"[:reach]], "S26")
    given = {"role": "victim", "stage": "DET", "event_date": "2018-01-31"} | (values or {})
    columns = {name: np.array([given.get(name, "")] * reach, dtype=object) for name in protocol.content}
    body = content_body(record, columns, protocol)
    manifest = Manifest(
        format=FORMAT,
        section="content",
        project=protocol.project,
        epoch=protocol.epoch,
        protocol_id=protocol.id,
        protocol=plain(protocol),
        agency=agency.public.name,
        signer=agency.public.signing,
        recipient=reader.public.recipient,
        period=period,
        sequence=sequence,
        not_after="2019-12-31",
        rows=reach,
        body_bytes=len(body),
        body_sha256=digest_of_bytes(body),
        kcv="00" * 8,
        normaliser=protocol.normaliser,
        tool="headcount/test",
    )
    return seal(body, manifest, agency, reader.public)


@pytest.fixture(scope="module")
def files(office, protocol):
    return SimpleNamespace(
        police=("p.age", sealed(office.police, office.keys, protocol)), court=("c.age", sealed(office.court, office.keys, protocol))
    )


@pytest.fixture(scope="module")
def run(office, protocol):
    signers = {keys.public.name: keys.public.signing for keys in (office.police, office.court)}
    return expected_of(protocol.id, {"signers": signers, "bundles": [extract("police"), extract("court")]})


def extract(agency, **changes):
    return {"agency": agency, "period": "2018", "sequence": 1, "rows": 2} | changes


def test_sections_of_the_run_are_opened(office, files, run, protocol):
    sections = open_sections([files.police, files.court], office.keys, run, TODAY)
    assert sections.protocol.id == protocol.id
    assert [agency for agency, _ in sections.content] == ["police", "court"]
    assert sections.content[0][1]["role"].tolist() == ["victim", "victim"]
    bundle = open_bundle(files.court[1], office.keys, section="content", today=TODAY, file="c.age").bundle_id
    assert sections.bundles[0] == {"agency": "court", "period": "2018", "sequence": 1, "bundle": bundle}


def test_a_section_signed_by_another_key_than_the_runs_is_refused(office, files, run, protocol):
    forged = ("forged.age", sealed(office.impostor, office.keys, protocol))
    with pytest.raises(SignatureError, match="known for the agency police") as caught:
        open_sections([forged, files.court], office.keys, run, TODAY)
    assert caught.value.file == "forged.age"


def test_without_signers_any_signature_passes_and_trust_pins_them(office, files, protocol):
    forged = ("forged.age", sealed(office.impostor, office.keys, protocol))
    assert open_sections([forged], office.keys, Expected(), TODAY).content
    trusted = trusting(Expected(), {"police": office.police.public.signing})
    assert open_sections([files.police], office.keys, trusted, TODAY).content
    with pytest.raises(SignatureError):
        open_sections([forged], office.keys, trusted, TODAY)
    with pytest.raises(SignatureError, match="no signer is known for the agency court"):
        open_sections([files.police, files.court], office.keys, trusted, TODAY)


def test_trust_cannot_replace_the_signer_that_the_run_knows(office, run):
    with pytest.raises(SignatureError):
        trusting(run, {"police": office.impostor.public.signing})


def test_no_trust_leaves_the_run_as_it_is(run):
    assert trusting(run, {}) == run
    assert trusting(Expected(), {}).signers is None


def test_a_section_under_another_protocol_is_refused(office, files, run):
    other = ("other.age", sealed(office.court, office.keys, ready_protocol("persons"), values={"role": "person"}))
    with pytest.raises(ProtocolMismatchError) as caught:
        open_sections([files.police, other], office.keys, run, TODAY)
    assert caught.value.file == "other.age"
    with pytest.raises(ProtocolMismatchError):
        open_sections([files.police, other], office.keys, Expected(), TODAY)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([extract("police")], r"content that the run did not link, or twice: court 2018 \(sequence 1\)"),
        ([extract("police"), extract("court", sequence=2)], "content that the run did not link, or twice: court 2018"),
        ([extract("police"), extract("court", period="2017")], "content that the run did not link, or twice: court 2018"),
        ([extract("police"), extract("court"), extract("ngo")], r"no content given for: ngo 2018 \(sequence 1\)"),
    ],
    ids=["an agency too many", "another sequence", "another period", "an agency too few"],
)
def test_sections_and_encodings_must_be_of_the_same_extracts(office, files, protocol, entries, message):
    with pytest.raises(ProtocolMismatchError, match=message):
        open_sections([files.police, files.court], office.keys, expected_of(protocol.id, {"bundles": entries}), TODAY)


def test_a_section_given_twice_is_refused_even_where_nothing_is_known_of_the_run(office, files):
    with pytest.raises(ProtocolMismatchError, match="or twice: police 2018"):
        open_sections([files.police, files.police], office.keys, Expected(), TODAY)


def test_a_section_sealed_to_somebody_else_or_expired_is_refused(office, protocol, files):
    with pytest.raises(WrongRecipientError):
        open_sections([("x.age", sealed(office.police, office.other, protocol))], office.keys, Expected(), TODAY)
    with pytest.raises(ExpiredError):
        open_sections([files.police], office.keys, Expected(), date(2020, 1, 1))


@pytest.mark.parametrize("field", ["article", "citizenship"])
@pytest.mark.parametrize("value", ["Сафарова", "130.1\n", "tjk", "article of the criminal code"])
def test_an_open_code_list_carries_no_free_text(office, protocol, field, value):
    with pytest.raises(FormatError) as caught:
        sealed(office.police, office.keys, protocol, values={field: value})
    assert caught.value.field == field
    assert value not in str(caught.value)


def test_codes_of_an_open_list_pass(office, protocol):
    told = ("t.age", sealed(office.police, office.keys, protocol, values={"article": "130.1", "citizenship": "TJK"}))
    assert open_sections([told], office.keys, Expected(), TODAY).content[0][1]["article"].tolist() == ["130.1"] * 2


def test_no_section_at_all_is_refused(office):
    with pytest.raises(UsageError):
        open_sections([], office.keys, Expected(), TODAY)
