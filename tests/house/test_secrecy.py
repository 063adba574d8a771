"""No name, number, date or local id of a person, and no key, leaves the place where it belongs.

Canaries are planted in an agency's list, and every role's commands are run: those that succeed, those that are refused
and one that strikes a bug. Then all that was said and all that was written is searched, also inside Parquet files and
inside what each reader can decrypt.
"""

import base64
import contextlib
import functools
import io
import json
import stat
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest

from linkage.agency import prepare as preparing
from linkage.agency.keys import block_key, derive, field_key, linkage_secret
from linkage.agency.names import person_name
from linkage.bundle.keyring import decrypt, open_keys
from linkage.cli import demo
from linkage.errors import BundleError
from linkage.protocol import ready_protocol, ready_text

TIP = ready_protocol("tip")
HEADER = "record_id,surname,given_name,patronymic,birth_date,sex,region,document_number,case_number,role,stage,event_date,memo\n"
CYRILLIC, LATIN, GIVEN, FATHER = "Канарейқинзода", "Quetzalbirdova", "Ҷағҷағмоҳ", "Пингвиновна"
DOCUMENT, CASE, LOCAL, MEMO = "ZQ7749013", "93717/55-Ю", "КРТ-ZEBRA-17", "страусиха"
BORN, BORN_BADLY = "1987-03-29", "1987-02-31"
POLICE = [
    f"{LOCAL},{CYRILLIC},{GIVEN},{FATHER},{BORN},F,TJ-SU,{DOCUMENT},{CASE},victim,identified,2018-03-01,{MEMO}",
    f"{LOCAL}-b,{CYRILLIC},{GIVEN},,{BORN},F,TJ-SU,,,victim,identified,2018-04-01,",
    "POL-3,Раҳмонов,Ҷамшед,Алиевич,1985-02-11,M,TJ-KT,,,offender,suspected,2018-03-01,",
    "POL-4,Назаров,Олим,Салимович,1979-11-05,M,TJ-DU,,,offender,suspected,2018-03-02,",
]
NGO = [
    f"{LOCAL}-n,{LATIN},{GIVEN},,{BORN},F,TJ-SU,,,victim,assisted,2018-06-01,",
    "N-2,Saidova,Gulnora,,1990-05-17,F,TJ-SU,,,victim,assisted,2018-06-01,",
    f"N-3,{CYRILLIC},{GIVEN},,{BORN},F,TJ-SU,,,victim,assisted,2018-07-01,",
]
BAD = [
    f"{LOCAL},{CYRILLIC},{GIVEN},{FATHER},{BORN_BADLY},{MEMO},{MEMO},{DOCUMENT},{CASE},{MEMO},{MEMO},{BORN_BADLY},",
    f"{LOCAL},{LATIN},{GIVEN},{FATHER},{BORN},F,TJ-SU,{DOCUMENT},{CASE},victim,{CYRILLIC},2018,",
]
IDS = (LOCAL,)


def texts_in(value):
    """Every text in a tuple of tuples."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from texts_in(part)


def forms(text):
    """The text as it could have leaked: as written, in other cases, and in the forms that the normaliser makes of it."""
    read = [person_name(*cells) for cells in ((text, "", "", ""), ("", text, "", ""), ("", "", text, ""))]
    made = (
        {part for name in read for part in texts_in(name) if len(part) > 5}
        if text.isalpha()
        else {"".join(filter(str.isalnum, text))}
    )
    return {form for form in {text, *made} for form in (form, form.lower(), form.upper(), form.casefold())}


PEOPLE = {form for text in (CYRILLIC, LATIN, GIVEN, FATHER, DOCUMENT, CASE, MEMO) for form in forms(text)}
PEOPLE |= {BORN, BORN_BADLY, "29.03.1987", "19870329", "1987-29-03"}
NAMED = {form for text in IDS for form in forms(text)}


def as_bytes(texts):
    """Every text in the encodings that a file could have."""
    found = set()
    for text in texts:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "cp1251", "utf-7"):
            with contextlib.suppress(UnicodeEncodeError):
                found.add(text.encode(encoding))
        found.add(json.dumps(text)[1:-1].encode())
        found.add(base64.b64encode(text.encode()).rstrip(b"="))
    return {needle for needle in found if len(needle) >= 6}


def of_secret(value):
    """A secret raw, in hexadecimal and in base64."""
    coded = base64.b64encode(value).rstrip(b"="), base64.urlsafe_b64encode(value).rstrip(b"=")
    return {value, value.hex().encode(), value.hex().upper().encode(), *coded}


class Told(NamedTuple):
    """A command that was run."""

    words: tuple
    code: int
    said: str


class World(NamedTuple):
    """All that happened."""

    at: Path
    temporary: Path
    told: list


class Session:
    """Runs commands in one folder and keeps what they say."""

    def __init__(self, at, headcount):
        self.at, self.headcount, self.told = at, headcount, []

    def __call__(self, *words, code=0):
        done = self.headcount(*(self.at / word[2:] if str(word).startswith("./") else word for word in words))
        self.told.append(Told(words, done.code, done.out + done.err))
        assert done.code == code, done.err
        return done

    def list(self, name, rows):
        (self.at / name).parent.mkdir(parents=True, exist_ok=True)
        (self.at / name).write_text(HEADER + "\n".join(rows) + "\n", "utf-8")
        return f"./{name}"

    def seal(self, agency, file, to, *more, code=0):
        readers = ("--unit", "./keys/unit/public.json", "--statistics", "./keys/office/public.json")
        keys = ("--protocol", "./protocol.toml", "--keys", f"./keys/{agency}", "--period", "2018")
        return self("seal", file, *keys, *readers, "-o", to, *more, code=code)

    def receive(self, *files, code=0):
        return self("receive", *files, "--workspace", "./unit", "--keys", "./keys/unit", code=code)

    def link(self, code=0):
        return self("link", "--workspace", "./unit", "--keys", "./keys/unit", code=code)


def draw_keys(run):
    (run.at / "protocol.toml").write_text(ready_text("tip"), "utf-8")
    roles = {
        "custodian": "custodian",
        "unit": "unit",
        "office": "statistics",
        "zarina": "auditor",
        "police": "agency",
        "ngo": "agency",
    }
    for name, role in roles.items():
        run("keys", "new", role, name, "-o", f"./keys/{name}")
        run("keys", "show", f"./keys/{name}", "--json")
    to = [word for agency in ("police", "ngo") for word in ("--to", f"./keys/{agency}/public.json")]
    run("keys", "share", "--protocol", "./protocol.toml", "--keys", "./keys/custodian", *to, "-o", "./shares", "--json")
    for agency in ("police", "ngo"):
        run("keys", "install", f"./shares/{agency}.share.age", "--keys", f"./keys/{agency}", "--json")


def do_the_job(run):
    for agency, rows in (("police", POLICE), ("ngo", NGO)):
        file = run.list(f"lists/{agency}.csv", rows)
        run("check", file, "--protocol", "./protocol.toml")
        run("check", file, "--protocol", "./protocol.toml", "--json")
        run("check", file, "--protocol", "./protocol.toml", "--draft", f"./drafts/{agency}.toml")
        run.seal(agency, file, "./sealed")
        run("inspect", f"./sealed/{agency}-2018.linking.age", "--keys", "./keys/unit")
        run("inspect", f"./sealed/{agency}-2018.content.age", "--keys", "./keys/office", "--json")
    run.receive("./sealed/police-2018.linking.age", "./sealed/ngo-2018.linking.age")
    run.link()
    run("export", "persons", "--workspace", "./unit", "-o", "./out/persons.csv")
    run("export", "pairs", "--workspace", "./unit", "-o", "./out/pairs.csv")
    run("export", "model", "--workspace", "./unit", "-o", "./out/model.json")
    run("blocking", "--workspace", "./unit", "--keys", "./keys/unit")
    one, other = (f"{agency}:{record}" for agency, record in two_records(run.at))
    run("explain", one, other, "--workspace", "./unit")
    run("explain", one, other, "--workspace", "./unit", "--json")
    run("explain", one, other, "--workspace", "./unit", "--svg", "./out/pair.svg")
    person = person_of_several(run.at)
    run("persons", person, "--workspace", "./unit")
    run("persons", person, "--workspace", "./unit", "--json")
    run("persons", person, "--workspace", "./unit", "--svg", "./out/person.svg")
    why = ("--reason", "compared", "--workspace", "./unit", "--keys", "./keys/zarina")
    run("review", "decide", one, other, "different", *why)
    run("review", "list", "--workspace", "./unit", "--json")
    run.link()
    run("audit", "verify", "--workspace", "./unit", "--json")
    content = [word for agency in ("police", "ngo") for word in ("--content", f"./sealed/{agency}-2018.content.age")]
    run("report", "--workspace", "./unit", "--keys", "./keys/office", *content, "--tier", "restricted", "-o", "./report")


def two_records(at):
    lines = (at / "out" / "persons.csv").read_text("utf-8").splitlines()[1:]
    return [tuple(line.split(",")[:2]) for line in lines][:2]


def person_of_several(at):
    """The ID of a person with more than one record, so that there are links to tell."""
    ids = [line.split(",")[2] for line in (at / "out" / "persons.csv").read_text("utf-8").splitlines()[1:]]
    return next(one for one in ids if ids.count(one) > 1)


def fail_in_every_way(run, monkeypatch):
    bad = run.list("lists/bad.csv", BAD)
    run.seal("police", bad, "./x", code=3)
    run("check", bad, "--protocol", "./protocol.toml", code=1)
    run("check", bad, "--protocol", "./protocol.toml", "--json", code=1)
    mapping = f'format = "headcount-mapping/1"\n[codes.role]\n"{MEMO}" = "{CYRILLIC}"\n[columns]\nsurname = "memo"\n'
    (run.at / "drafts" / "wrong.toml").write_text(mapping, "utf-8")
    run.seal("police", "./lists/police.csv", "./x", "--mapping", "./drafts/wrong.toml", code=3)
    (run.at / "drafts" / "broken.toml").write_text(f"format = {CYRILLIC}\n", "utf-8")
    run.seal("police", "./lists/police.csv", "./x", "--mapping", "./drafts/broken.toml", code=3)
    ragged = run.at / "lists" / "ragged.csv"
    ragged.write_bytes((HEADER + POLICE[0] + f',{MEMO}\n"{CYRILLIC}').encode() + b"\xff\xfe")
    run.seal("police", "./lists/ragged.csv", "./x", code=3)
    data = bytearray((run.at / "sealed" / "police-2018.linking.age").read_bytes())
    data[-40] ^= 1
    (run.at / "sealed" / "tampered.age").write_bytes(bytes(data))
    run.receive("./sealed/tampered.age", code=4)
    run.receive("./sealed/police-2018.linking.age", code=4)
    run.receive("./sealed/police-2018.content.age", code=4)
    run("inspect", "./sealed/tampered.age", "--keys", "./keys/unit", code=4)
    (run.at / "keys" / "police" / "agency.key").chmod(0o644)
    run.seal("police", "./lists/police.csv", "./x", code=5)
    (run.at / "keys" / "police" / "agency.key").chmod(0o600)
    strike_bugs(run, monkeypatch)


def strike_bugs(run, monkeypatch):
    """Bugs whose own words quote a person, a row or a key, at three places of an agency's step."""
    secret = (run.at / "keys" / "police" / "agency.key").read_text().strip()
    for place, words in (
        ("encode_tokens", KeyError(CYRILLIC)),
        ("features", UnicodeEncodeError("ascii", CYRILLIC + BORN, 0, 1, DOCUMENT)),
        ("record_pseudonyms", ValueError(f"{LOCAL} {secret}")),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(preparing, place, functools.partial(_raise, words))
            run.seal("police", "./lists/police.csv", "./x", code=70)


def _raise(error, *_arguments):
    try:
        raise RuntimeError(CYRILLIC)
    except RuntimeError:
        raise error  # noqa: B904 - the context must not be shown either


@pytest.fixture(scope="module")
def world(tmp_path_factory, headcount):
    at, temporary = tmp_path_factory.mktemp("secrecy"), tmp_path_factory.mktemp("temporary")
    run, kept = Session(at, headcount), tempfile.tempdir
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(tempfile, "tempdir", str(temporary))
        monkeypatch.setenv("TMPDIR", str(temporary))
        draw_keys(run)
        do_the_job(run)
        fail_in_every_way(run, monkeypatch)
    assert tempfile.tempdir == kept
    return World(at, temporary, run.told)


def inside(path, world):
    """A file's bytes, the cells of a Parquet file, and what any role can decrypt of an age file."""
    data = path.read_bytes()
    yield data
    if path.suffix == ".parquet":
        yield "\n".join(map(str, pq.read_table(io.BytesIO(data)).to_pylist())).encode()
    if path.suffix == ".age":
        yield from opened(data, world)


def opened(data, world):
    for role, name in (("unit", "unit"), ("statistics", "office"), ("agency", "police"), ("agency", "ngo")):
        with contextlib.suppress(BundleError):
            yield decrypt(data, open_keys(world.at / "keys" / name, role))


def files(world):
    return [path for folder in (world.at, world.temporary) for path in folder.rglob("*") if path.is_file()]


def relative(path, world):
    return path.relative_to(world.at).as_posix() if path.is_relative_to(world.at) else path.name


def holders(world, needles):
    """Files in which any of the needles stands."""
    return {
        relative(path, world) for path in files(world) for data in inside(path, world) if any(needle in data for needle in needles)
    }


LISTS = {"lists/police.csv", "lists/ngo.csv", "lists/bad.csv", "lists/ragged.csv"}
MAPPINGS = {"drafts/wrong.toml", "drafts/broken.toml"}  # written by the test's own hand


def test_the_commands_did_what_they_are_searched_for(world):
    assert {told.code for told in world.told} == {0, 1, 3, 4, 5, 70}
    assert len(world.told) > 50
    assert [told.words[0] for told in world.told if told.code == 70] == ["seal"] * 3
    assert len([path for path in files(world) if path.suffix == ".parquet"]) >= 8
    for name in ("partitions.parquet", "certainty.json", "pairs.parquet", "model.json", "manifest.json"):
        assert len(list((world.at / "unit" / "runs").glob(f"*/{name}"))) == 2, "of both runs"
    for path in ("out/pair.svg", "out/person.svg", "out/model.json"):
        assert (world.at / path).stat().st_size > 500
    for path in ("sealed/police-2018.linking.age", "sealed/ngo-2018.content.age", "shares/police.share.age"):
        assert len(list(opened((world.at / path).read_bytes(), world))) == 1


def test_the_search_finds_what_is_there(world):
    """The lists hold every canary, so the needles are the right ones and the searcher sees them."""
    lists = [(world.at / name).read_bytes() for name in sorted(LISTS)]
    for text in (CYRILLIC, LATIN, GIVEN, FATHER, DOCUMENT, CASE, MEMO, BORN, BORN_BADLY, LOCAL):
        assert any(needle in data for needle in as_bytes([text]) for data in lists), text


def test_nothing_is_said_of_a_person(world):
    needles = {form.casefold() for form in PEOPLE | NAMED}
    spoken = [told for told in world.told if any(needle in told.said.casefold() for needle in needles)]
    assert not [(told.words, told.said) for told in spoken]


def test_no_secret_is_said(world):
    needles = [needle.decode() for value in secrets(world).values() for needle in of_secret(value) if needle.isascii()]
    assert len(needles) > 20
    assert not [told.words for told in world.told if any(needle in told.said for needle in needles)]
    assert not [told.words for told in world.told if "AGE-SECRET-KEY" in told.said.upper()]


def test_a_bug_is_told_by_its_kind_module_and_line_alone(world):
    for told in world.told:
        if told.code == 70:
            first, hint = told.said.splitlines()
            assert first.startswith("headcount: internal error ")
            assert first.rpartition(" in ")[2].partition(":")[0] == "test_secrecy.py"
            assert "this is a bug" in hint


def test_a_person_stands_in_their_agencys_list_and_in_no_other_file(world):
    assert holders(world, as_bytes(PEOPLE)) == LISTS | MAPPINGS


def test_a_local_id_stands_in_the_list_and_the_agencys_own_register_alone(world):
    registers = {"sealed/police-2018.register.csv", "sealed/ngo-2018.register.csv"}
    assert holders(world, as_bytes(NAMED)) == LISTS | registers


def secrets(world):
    """File to its secret bytes."""
    found = {}
    for path in sorted((world.at / "keys").rglob("*.key")):
        text = path.read_text("ascii").strip()
        if path.name == "identity.key":
            found[path] = text.encode()
        else:
            found[path] = bytes.fromhex(json.loads(text)["secret"] if text.startswith("{") else text)
    return found


def test_a_secret_stands_in_its_own_file_alone(world):
    known = secrets(world)
    assert len(known) == 15
    for path, value in known.items():
        expected = {relative(other, world) for other, same in known.items() if same == value}
        shares = {f"shares/{agency}.share.age" for agency in ("police", "ngo")} if path.name.startswith("linkage-") else set()
        assert holders(world, of_secret(value)) == expected | shares, path.name


def test_no_derived_key_is_kept_anywhere(world):
    keys = derive(linkage_secret(open_keys(world.at / "keys" / "police", "agency"), TIP.project, TIP.epoch), TIP.project, TIP.epoch)
    derived = [keys.root, *(field_key(keys, name, "fields/1") for name in ("name", "birth_digits")), block_key(keys, "name")]
    assert holders(world, {needle for key in derived for needle in of_secret(key)}) == set()
    assert keys.root.hex() not in repr(keys)
    assert str(keys.root) not in repr(keys)


def test_temporary_files_are_gone(world):
    assert not [path for path in world.temporary.rglob("*") if path.is_file()]
    assert not [path for path in files(world) if path.name.endswith((".partial", ".ready", ".tmp"))]


@pytest.mark.skipif(sys.platform == "win32", reason="modes say nothing on Windows")
def test_what_is_secret_or_personal_is_its_owners_alone(world):
    private = [*secrets(world), *world.at.glob("sealed/*.register.csv"), *world.at.glob("out/*"), *world.at.glob("report/*")]
    private += [path for path in (world.at / "unit").rglob("*") if path.is_file() and path.name != "lock"]
    assert len(private) > 35
    assert {relative(path, world): oct(path.stat().st_mode & 0o077) for path in private if path.stat().st_mode & 0o077} == {}
    assert stat.S_IMODE((world.at / "unit").stat().st_mode) == 0o700


def test_no_command_takes_a_secret_as_a_word(world):
    """Command lines stand in the shell's history and in lists of processes."""
    words = {str(word) for told in world.told for word in told.words}
    assert not [word for word in words for value in secrets(world).values() if value.hex() in word or word.startswith("AGE-SECRET")]


def test_the_demo_shows_no_key_even_when_it_tells_everything(tmp_path, headcount, monkeypatch):
    monkeypatch.setattr(demo, "_link_and_report", lambda run, scenario: run("keys", "show", "./keys/unit"))
    monkeypatch.setattr(demo, "_evaluation", lambda _scenario: ("protocol", "show", "./protocol.toml", "--json"))
    monkeypatch.setattr(demo, "_result", lambda *_: {"equal": True, "seconds": 0})
    monkeypatch.setattr(demo, "_show", lambda *_: None)
    done = headcount("demo", tmp_path / "D", "--verbose")
    assert done.code == 0, done.err
    keys = [path.read_text().strip() for path in (tmp_path / "D").rglob("*.key")]
    assert len(keys) > 20
    assert "sealed" in done.err
    assert not [key for key in keys if key in done.out + done.err]
