import json

import pytest

from linkage.bundle.keyring import new_keys, open_keys
from linkage.errors import DisclosureError, KeyringError, SchemaError, SignatureError, TamperedError, UsageError
from linkage.statistics.release import LOG_FILE, log_decision, read_log, require_decision, sign_decision, verify_decision

SUBJECT, PROTOCOL, DAY = "ab" * 32, "cd" * 32, "2019-02-01"


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    for role in ("statistics", "auditor", "unit"):
        new_keys(role, "office", folder / role)
    return {role: open_keys(folder / role, role) for role in ("statistics", "auditor", "unit")}


def signed(keys, **named):
    return sign_decision(
        keys, **{"act": "release", "tier": "restricted", "protocol_id": PROTOCOL, "subject": SUBJECT, "day": DAY, **named}
    )


@pytest.mark.parametrize("role", ["statistics", "auditor"])
def test_the_office_and_an_auditor_can_decide(keys, role):
    decision = verify_decision(signed(keys[role], reason="for the ministry"), {keys[role].public.signing})
    assert (decision.act, decision.subject, decision.reason, decision.signer_role) == ("release", SUBJECT, "for the ministry", role)


def test_the_linkage_unit_cannot_decide(keys):
    with pytest.raises(KeyringError):
        signed(keys["unit"])


def test_a_release_needs_no_words_and_a_waiver_does(keys):
    assert verify_decision(signed(keys["statistics"]), {keys["statistics"].public.signing}).reason
    for lacking in ({"roles": ["offender"]}, {"reason": "court facts are public"}):
        with pytest.raises(UsageError):
            signed(keys["statistics"], act="waiver", tier="public", **lacking)


def test_a_changed_decision_is_refused(keys):
    plain = json.loads(signed(keys["statistics"], act="waiver", tier="public", reason="public facts", roles=["offender"]))
    plain["decision"]["roles"] = ["offender", "victim"]
    with pytest.raises(SignatureError):
        verify_decision(json.dumps(plain).encode(), {keys["statistics"].public.signing})


def test_a_decision_by_a_key_that_is_not_trusted_is_refused(keys):
    with pytest.raises(SignatureError):
        verify_decision(signed(keys["auditor"]), {keys["statistics"].public.signing})


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"decision": {}, "signature": "00"}', b"\xff"])
def test_what_is_no_decision_is_refused(keys, data):
    with pytest.raises(SchemaError):
        verify_decision(data, {keys["statistics"].public.signing})


def test_a_decision_is_good_for_what_it_names_only(keys):
    decision = verify_decision(signed(keys["statistics"]), {keys["statistics"].public.signing})
    assert require_decision(decision, "release", SUBJECT) == decision
    for act, subject in (("waiver", SUBJECT), ("release", "00" * 32)):
        with pytest.raises(DisclosureError):
            require_decision(decision, act, subject)


def test_the_log_keeps_every_decision_in_order(keys, tmp_path):
    assert read_log(tmp_path / "log") == ()
    for reason in ("first", "second", "third"):
        log_decision(tmp_path / "log", signed(keys["statistics"], reason=reason))
    entries = read_log(tmp_path / "log")
    assert [entry["decision"]["reason"] for entry in entries] == ["first", "second", "third"]
    assert [entry["number"] for entry in entries] == [1, 2, 3]


@pytest.mark.parametrize("change", ["drop", "edit", "swap", "garbage"])
def test_a_log_that_was_changed_is_refused_and_nothing_is_added(keys, tmp_path, change):
    for reason in ("first", "second", "third"):
        log_decision(tmp_path, signed(keys["statistics"], reason=reason))
    path = tmp_path / LOG_FILE
    one, two, three = path.read_bytes().splitlines()
    lines = {
        "drop": [one, three],
        "edit": [one, two.replace(b"second", b"sacond"), three],
        "swap": [two, one, three],
        "garbage": [one, b"{"],
    }
    path.write_bytes(b"\n".join(lines[change]) + b"\n")
    before = path.read_bytes()
    for attempt in (lambda: read_log(tmp_path), lambda: log_decision(tmp_path, signed(keys["statistics"]))):
        with pytest.raises(TamperedError):
            attempt()
    assert path.read_bytes() == before
