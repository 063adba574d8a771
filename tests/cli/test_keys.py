"""The key commands as terminal sessions: answers to stdout, talk to stderr, one error family per exit code."""

import json
from datetime import date

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from linkage.agency.keys import linkage_secret
from linkage.bundle.body import linking_body
from linkage.bundle.format import FORMAT, Manifest
from linkage.bundle.keyring import HOLDINGS, open_keys
from linkage.bundle.open import open_bundle
from linkage.bundle.seal import seal
from linkage.canonical import digest_of_bytes
from linkage.cli.keys import inspect, keys_app
from linkage.errors import FormatError, KeyringError, SignatureError, TruncatedError, UsageError, WrongRecipientError
from linkage.protocol import ready_protocol, ready_text
from linkage.schema import plain

app = typer.Typer()
app.add_typer(keys_app, name="keys")
app.command("inspect")(inspect)


@pytest.fixture
def at(tmp_path, monkeypatch):
    """A terminal in an empty folder with `protocol.toml`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "protocol.toml").write_text(ready_text("tip"), "utf-8")
    return tmp_path


def run(command):
    done = CliRunner().invoke(app, command.split())
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture
def people(at):
    roles = {"police": "agency", "ngo": "agency", "unit": "unit", "ombudsperson": "custodian"}
    for name, role in roles.items():
        run(f"keys new {role} {name} -o KEYS/{name}")
    return at


@pytest.fixture
def shared(people):
    run(f"keys share --protocol protocol.toml {to('police', 'ngo')} --keys KEYS/ombudsperson -o shares")
    return people


def to(*names):
    return " ".join(f"--to KEYS/{name}/public.json" for name in names)


def secrets_in(folder):
    return [line for path in folder.rglob("*.key") for line in path.read_text().split()]


@pytest.mark.parametrize("role", HOLDINGS)
def test_new_makes_a_folder_and_says_whose_and_shows_no_secret(role, at):
    done = run(f"keys new {role} someone -o K --json")
    answer = json.loads(done.stdout)
    assert (answer["role"], answer["name"]) == (role, "someone")
    assert open_keys(at / "K", role).public.fingerprint == answer["fingerprint"]
    assert secrets_in(at)
    assert not any(text in done.output for text in secrets_in(at))
    assert "hand out public.json" in done.stderr


def test_new_does_not_overwrite_unless_forced(people):
    before = secrets_in(people / "KEYS" / "police")
    with pytest.raises(UsageError, match="exists"):
        run("keys new agency police -o KEYS/police")
    assert secrets_in(people / "KEYS" / "police") == before
    run("keys new agency police -o KEYS/police --force")
    assert not set(secrets_in(people / "KEYS" / "police")) & set(before)


@pytest.mark.parametrize("words", ["king arthur", "agency Police", "agency ../police"])
def test_new_refuses_impossible_roles_and_names(words, at):
    with pytest.raises(UsageError) as caught:
        run(f"keys new {words} -o K")
    assert caught.value.exit_code == 2
    assert not (at / "K").exists()


@pytest.mark.parametrize("path", ["KEYS/police", "KEYS/police/public.json"])
def test_show_tells_the_fingerprint_of_a_folder_or_public_key(path, people):
    digits = json.loads(run(f"keys show {path} --json").stdout)["fingerprint"]
    shown = run(f"keys show {path}").stdout.splitlines()
    assert shown[:2] == ["role         agency", "name         police"]
    assert shown[2].split()[1:] == [digits[start : start + 4] for start in range(0, 20, 4)]


def test_show_refuses_what_is_no_key(at):
    with pytest.raises(KeyringError) as caught:
        run("keys show protocol.toml")
    assert caught.value.exit_code == 5


def test_a_share_travels_from_the_custodian_to_each_agency(shared):
    assert sorted(path.name for path in (shared / "shares").iterdir()) == ["ngo.share.age", "police.share.age"]
    for name in ("police", "ngo"):
        done = run(f"keys install shares/{name}.share.age --keys KEYS/{name} --custodian KEYS/ombudsperson/public.json --json")
        assert json.loads(done.stdout)["installed"].endswith("linkage-tip.2014-2023.key")
    secrets = {linkage_secret(open_keys(shared / "KEYS" / name, "agency"), "tip", "2014-2023") for name in ("police", "ngo")}
    assert len(secrets) == 1
    in_clear = secrets.pop()
    for path in shared.rglob("*"):
        if path.is_file() and not path.name.startswith("linkage-"):
            assert in_clear.hex().encode() not in path.read_bytes()
            assert in_clear not in path.read_bytes()


def test_share_says_where_the_shares_are_and_when_they_are_unsigned(people):
    done = run(f"keys share --protocol protocol.toml {to('police')} -o shares --json")
    assert json.loads(done.stdout) == {"police": "shares/police.share.age"}
    assert "unsigned" in done.stderr
    assert "unsigned" not in run(f"keys share --protocol protocol.toml {to('police')} --keys KEYS/ombudsperson -o more").stderr


def test_share_refuses_anybody_but_agencies_and_writes_nothing(people):
    with pytest.raises(KeyringError, match="role agency"):
        run(f"keys share --protocol protocol.toml {to('police', 'unit')} -o shares")
    with pytest.raises(KeyringError, match="one name"):
        run(f"keys share --protocol protocol.toml {to('police', 'police')} -o shares")
    with pytest.raises(KeyringError, match="role custodian"):
        run(f"keys share --protocol protocol.toml {to('police')} --keys KEYS/unit -o shares")
    assert not (people / "shares").exists()


def test_share_without_an_agency_is_a_usage_error(people):
    assert run("keys share --protocol protocol.toml -o shares").exit_code == 2


def test_share_draws_no_second_key_over_the_first(shared):
    before = {path: path.read_bytes() for path in (shared / "shares").iterdir()}
    with pytest.raises(UsageError, match="exists"):
        run(f"keys share --protocol protocol.toml {to('ngo')} -o shares")
    assert before == {path: path.read_bytes() for path in (shared / "shares").iterdir()}


def test_install_refuses_another_agencys_share_and_another_custodian(shared):
    with pytest.raises(WrongRecipientError):
        run("keys install shares/ngo.share.age --keys KEYS/police")
    run("keys new custodian other -o KEYS/other")
    with pytest.raises(SignatureError):
        run("keys install shares/police.share.age --keys KEYS/police --custodian KEYS/other/public.json")
    with pytest.raises(KeyringError, match="role agency"):
        run("keys install shares/police.share.age --keys KEYS/unit")
    assert not list(shared.rglob("linkage-*"))


def test_install_says_when_nobody_vouches_for_the_share(shared):
    assert "--custodian" in run("keys install shares/police.share.age --keys KEYS/police").stderr


def test_install_of_another_key_needs_force(shared):
    run("keys install shares/police.share.age --keys KEYS/police")
    run(f"keys share --protocol protocol.toml {to('police')} -o again")
    with pytest.raises(KeyringError, match="installed already"):
        run("keys install again/police.share.age --keys KEYS/police")
    run("keys install again/police.share.age --keys KEYS/police --force")


def test_install_names_a_file_that_is_not_there(people):
    with pytest.raises(UsageError, match=r"none\.age"):
        run("keys install none.age --keys KEYS/police")


@pytest.fixture
def bundle(people):
    """A sealed bundle without rows."""
    protocol = ready_protocol("tip")
    sender, reader = open_keys(people / "KEYS/police", "agency"), open_keys(people / "KEYS/unit", "unit").public
    none = np.empty(0, "S26"), np.empty((0, len(protocol.filters), protocol.words), "u8"), np.empty((0, len(protocol.tokens)), "u8")
    body = linking_body(*none, protocol)
    says = {"section": "linking", "project": protocol.project, "epoch": protocol.epoch, "protocol_id": protocol.id}
    says |= {"protocol": plain(protocol), "agency": "police", "signer": sender.public.signing, "recipient": reader.recipient}
    says |= {"period": "2018", "sequence": 1, "not_after": "2019-12-31", "rows": 0, "kcv": "00" * 8, "tool": "headcount test"}
    says |= {"body_bytes": len(body), "body_sha256": digest_of_bytes(body), "normaliser": protocol.normaliser}
    path = people / "police-2018.linking.age"
    path.write_bytes(seal(body, Manifest(format=FORMAT, **says), sender, reader))
    return path


def test_inspect_without_keys_shows_what_anyone_can_see(bundle):
    answer = json.loads(run(f"inspect {bundle} --json").stdout)
    assert answer["file_bytes"] == bundle.stat().st_size
    assert answer["content_bytes"] == 256 << 10
    assert "X25519" in answer["recipients"]
    assert set(answer) == {"recipients", "file_bytes", "content_bytes"}


def test_inspect_with_the_recipients_keys_shows_the_manifest(bundle, people):
    answer = json.loads(run(f"inspect {bundle} --keys KEYS/unit --json").stdout)
    opened = open_bundle(
        bundle.read_bytes(), open_keys(people / "KEYS/unit", "unit"), section="linking", today=date(2019, 1, 1), file="f"
    )
    assert answer["protocol"] == opened.manifest.protocol
    assert (answer["agency"], answer["period"], answer["rows"]) == ("police", "2018", 0)
    shown = run(f"inspect {bundle} --keys KEYS/unit").stdout
    assert "agency         police" in shown
    assert "\nprotocol " not in shown


def test_inspect_with_other_keys_is_refused(bundle):
    with pytest.raises(WrongRecipientError) as caught:
        run(f"inspect {bundle} --keys KEYS/police")
    assert caught.value.exit_code == 4


def test_inspect_of_a_share_shows_its_outside_only(shared):
    assert json.loads(run("inspect shares/police.share.age --json").stdout)["content_bytes"] < 1000
    with pytest.raises(FormatError):
        run("inspect shares/police.share.age --keys KEYS/police")


def test_inspect_refuses_what_is_not_sealed_or_cut(bundle, at):
    with pytest.raises(FormatError):
        run("inspect protocol.toml")
    bundle.write_bytes(bundle.read_bytes()[:100])
    with pytest.raises(TruncatedError):
        run(f"inspect {bundle}")


@pytest.mark.parametrize("command", ["keys", "keys new", "keys share", "keys install", "keys show", "inspect"])
def test_help_says_what_a_command_does(command, at):
    done = run(f"{command} --help")
    assert done.exit_code == 0
    assert "Usage" in done.stdout
