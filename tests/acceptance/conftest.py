"""Three agencies of invented people, sealed once; each test works on a copy of the folder."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

HEADER = "record_id,surname,given_name,patronymic,birth_date,sex,region,document_number,role,stage,event_date\n"
POLICE = (
    "POL-1,Саидова,Гулнора,Каримовна,1990-05-17,F,TJ-SU,AA1234567,victim,identified,2018-03-01\n"
    "POL-2,Саидова,Гулнора,Каримовна,1990-05-17,F,TJ-SU,,victim,identified,2018-04-01\n"
    "POL-3,Раҳмонов,Ҷамшед,Алиевич,1985-02-11,M,TJ-KT,,offender,suspected,2018-03-01\n"
)
NGO = (
    "N-1,Saidova,Gulnora,,1990-05-17,F,TJ-SU,,victim,assisted,2018-06-01\n"
    "N-2,Назарова,Фирӯза,,2001-11-30,F,TJ-DU,,victim,assisted,2018-06-02\n"
)
COURT = "C-1,Рахмонов,Джамшед,,1985-02-11,M,TJ-KT,,offender,convicted,2018-09-09\n"


class Office(NamedTuple):
    """A folder with keys and sealed files, and a way to run commands in it."""

    folder: Path
    headcount: object

    def __call__(self, *words, ok=True):
        """Run a command; words that begin with ./ are paths in the folder."""
        done = self.headcount(*(self.folder / word[2:] if str(word).startswith("./") else word for word in words))
        assert not ok or done.code == 0, done.err
        return done

    def list(self, name, rows):
        """Write a list in standard names."""
        (self.folder / name).write_text(HEADER + rows, "utf-8")
        return f"./{name}"

    def seal(self, agency, file, to, *more, protocol="protocol", unit="unit", ok=True):
        """Seal a list for 2018."""
        readers = ("--unit", f"./keys/{unit}/public.json", "--statistics", "./keys/statistics/public.json")
        keys = ("--protocol", f"./{protocol}.toml", "--keys", f"./keys/{agency}", "--period", "2018")
        return self("seal", file, *keys, *readers, "-o", to, *more, ok=ok)

    def receive(self, *files, ok=True, workspace="./W", keys="unit"):
        """Receive at the unit."""
        return self("receive", *files, "--workspace", workspace, "--keys", f"./keys/{keys}", ok=ok)

    def link(self, *more, workspace="./W"):
        """Link at the unit."""
        return self("link", "--workspace", workspace, "--keys", "./keys/unit", *more)

    def persons(self, workspace="./W", name="persons.csv"):
        """(agency, pseudonym) to person."""
        self("export", "persons", "--workspace", workspace, "-o", f"./{name}", "--force")
        rows = [line.split(",") for line in (self.folder / name).read_text("utf-8").splitlines()[1:]]
        return {(agency, record): person for agency, record, person in rows}

    def pseudonyms(self, folder="o"):
        """Local id to (agency, pseudonym), from the registers."""
        found = {}
        for path in sorted((self.folder / folder).glob("*.register.csv")):
            for line in path.read_text("utf-8").splitlines()[1:]:
                local, record = line.split(",")
                found[local] = (path.name.split("-")[0], record)
        return found


@pytest.fixture(scope="session")
def prepared(tmp_path_factory, headcount):
    """Keys of all roles, a second unit, another protocol, another linkage key, and sealed lists."""
    office = Office(tmp_path_factory.mktemp("office"), headcount)
    office("protocol", "new", "tip", "-o", "./protocol.toml")
    text = (office.folder / "protocol.toml").read_text("utf-8")
    (office.folder / "other.toml").write_text(text.replace('epoch = "2014-2023"', 'epoch = "2024"'), "utf-8")
    for role in ("custodian", "unit", "statistics", "auditor"):
        office("keys", "new", role, role, "-o", f"./keys/{role}")
    office("keys", "new", "unit", "unit2", "-o", "./keys/unit2")
    for agency in ("police", "ngo", "court"):
        office("keys", "new", "agency", agency, "-o", f"./keys/{agency}")
    shares = {"s1": ("protocol", "police", "ngo", "court"), "s2": ("other", "ngo")}
    for folder, (protocol, *agencies) in shares.items():
        to = [word for agency in agencies for word in ("--to", f"./keys/{agency}/public.json")]
        office("keys", "share", "--protocol", f"./{protocol}.toml", "--keys", "./keys/custodian", *to, "-o", f"./{folder}")
        for agency in agencies:
            office("keys", "install", f"./{folder}/{agency}.share.age", "--keys", f"./keys/{agency}")
    for agency, rows in (("police", POLICE), ("ngo", NGO), ("court", COURT)):
        office.seal(agency, office.list(f"{agency}.csv", rows), "./o")
    return office


@pytest.fixture
def office(prepared, tmp_path):
    """A copy of the prepared folder, to be spoilt."""
    shutil.copytree(prepared.folder, tmp_path / "office", copy_function=shutil.copy2)
    for path in (tmp_path / "office").rglob("*.key"):
        path.chmod(0o600)
    return Office(tmp_path / "office", prepared.headcount)


@pytest.fixture
def rows():
    """The police's and the NGO's rows."""
    return {"police": POLICE, "ngo": NGO, "court": COURT}
