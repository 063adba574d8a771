"""Five roles with their keys in one folder, and three agencies' small lists of invented people, sealed once."""

import csv
import io
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from linkage.protocol import ready_text

PERIOD = "2018"
AGENCIES = ("court", "ngo", "police")
ROLES = {"custodian": "custodian", "unit": "unit", "office": "statistics", "zarina": "auditor", "rustam": "auditor"}
COLUMNS = [
    "record_id",
    "surname",
    "given_name",
    "patronymic",
    "birth_date",
    "sex",
    "citizenship",
    "region",
    "district",
    "document_number",
    "role",
    "stage",
    "event_date",
]
FAMILIES = [
    "Каримов",
    "Назаров",
    "Раҳмонов",
    "Саидов",
    "Шарифов",
    "Юсупов",
    "Давлатов",
    "Ҳолов",
    "Одинаев",
    "Зоиров",
    "Мирзоев",
    "Тоҳиров",
    "Бобоев",
    "Фозилов",
]
WOMEN = [
    "Гулнора",
    "Зарина",
    "Мадина",
    "Нигора",
    "Фотима",
    "Шаҳноза",
    "Малика",
    "Саодат",
    "Тахмина",
    "Дилафрӯз",
    "Манижа",
    "Парвина",
]
MEN = ["Ҷамшед", "Рустам", "Фирӯз", "Баҳром", "Далер", "Умед", "Анвар", "Комрон", "Сорбон", "Исмоил", "Фарҳод", "Некрӯз"]
FATHERS = ["Каримович", "Саидович", "Раҳимович", "Ҳакимович", "Олимович", "Назарович", "Юсупович"]
PLACES = [("Хатлон", "Данғара"), ("Хатлон", "Восеъ"), ("Суғд", "Исфара"), ("РРП", "Рӯдакӣ"), ("Душанбе", "Сино")]


def person(number):
    """An invented victim; numbers differ in name, birth date, place and document."""
    woman = number % 2 == 0
    region, district = PLACES[number % 5]
    return {
        "surname": FAMILIES[number % 14] + ("а" if woman else ""),
        "given_name": (WOMEN if woman else MEN)[(number * 5 // 2) % 12],
        "patronymic": FATHERS[(number * 3) % 7].replace("ович", "овна" if woman else "ович"),
        "birth_date": f"{1960 + (number * 17) % 40}-{1 + (number * 5) % 12:02d}-{2 + (number * 11) % 26:02d}",
        "sex": "Ж" if woman else "М",
        "citizenship": "TJK",
        "region": region,
        "district": district,
        "document_number": f"A{7919 * (number + 3):07d}",
        "role": "victim",
        "event_date": "2018-05-05",
    }


def listed(agency, number, **changes):
    stage = {"court": "HEA", "ngo": "ASS", "police": "DET"}[agency]
    kept = {
        name: text for name, text in person(number).items() if not (agency == "ngo" and name in {"document_number", "patronymic"})
    }
    return {"record_id": f"{agency}-{number:03d}", **kept, "stage": stage, **changes}


def police_list():
    again = listed(
        "police", 7, record_id="police-007-2", surname=person(7)["surname"].replace("ов", "овв"), event_date="2018-07-01"
    )
    return [*(listed("police", number) for number in range(24)), again]


def ngo_list():
    """Fifteen of the police's victims and six others; number 7 in Latin letters."""
    latin = listed("ngo", 7, surname="Kholov", given_name="Umed", region="Khatlon")
    return [listed("ngo", number) if number != 7 else latin for number in (*range(5, 20), *range(24, 30))]


def court_list():
    return [listed("court", number) for number in (*range(3, 12), 25, 31)]


LISTS = {"court": court_list, "ngo": ngo_list, "police": police_list}


def as_csv(rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


class World(NamedTuple):
    """A folder with `protocol.toml`, `keys/`, `lists/`, `sealed/` and `unit/`, and the means to do more in it."""

    at: Path
    run: object

    def done(self, *words):
        """A command that must succeed."""
        found = self.run(*words)
        assert found.code == 0, found
        return found

    def key(self, name):
        return self.at / "keys" / name

    def public(self, name):
        return self.key(name) / "public.json"

    def write(self, agency, rows, name=None):
        path = self.at / "lists" / f"{name or agency}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(as_csv(rows))
        return path

    def seal_words(self, agency, path, output, *more, period=PERIOD, unit="unit", protocol=None, keys=None):
        return (
            *("seal", path, "--protocol", protocol or self.at / "protocol.toml", "--keys", self.key(keys or agency)),
            *("--period", period, "--unit", self.public(unit), "--statistics", self.public("office"), "-o", output, *more),
        )

    def seal(self, agency, rows, output, *more, **options):
        """The linking section of a list sealed now."""
        path = self.write(agency, rows, f"{agency}-{output}")
        self.done(*self.seal_words(agency, path, self.at / output, *more, **options))
        return self.at / output / f"{agency}-{options.get('period', PERIOD)}.linking.age"

    def receive_words(self, *paths, workspace="unit", keys="unit"):
        return ("receive", *paths, "--workspace", self.at / workspace, "--keys", self.key(keys))

    def link_words(self, *more, workspace="unit"):
        return ("link", "--workspace", self.at / workspace, "--keys", self.key("unit"), *more)

    def link(self, *more, workspace="unit"):
        return self.done(*self.link_words(*more, workspace=workspace))

    def sections(self, section="linking", folder="sealed"):
        return [self.at / folder / f"{agency}-{PERIOD}.{section}.age" for agency in AGENCIES]

    def report_words(self, output, *more, workspace="unit", content=None, tier="restricted"):
        named = [word for path in content or self.sections("content") for word in ("--content", path)]
        keys = ("--keys", self.key("office"), "--tier", tier)
        return ("report", "--workspace", self.at / workspace, *keys, *named, "-o", output, *more)

    def register(self, folder="sealed"):
        """(agency, local id) to record pseudonym."""
        found = {}
        for path in sorted((self.at / folder).glob("*.register.csv")):
            with path.open(encoding="utf-8", newline="") as stream:
                found |= {(path.name.split("-")[0], row["record_id"]): row["record"] for row in csv.DictReader(stream)}
        return found

    def persons(self, workspace="unit"):
        """(agency, record pseudonym) to person ID, as exported."""
        path = self.at / f"persons-{len(list(self.at.glob('persons-*')))}.csv"
        self.done("export", "persons", "--workspace", self.at / workspace, "-o", path)
        with path.open(encoding="utf-8", newline="") as stream:
            return {(row["agency"], row["record"]): row["person_id"] for row in csv.DictReader(stream)}

    def people(self, workspace="unit", folder="sealed"):
        """(agency, local id) to person ID, of the records that the registers of a folder name."""
        persons = self.persons(workspace)
        return {who: persons[who[0], record] for who, record in self.register(folder).items() if (who[0], record) in persons}


@pytest.fixture(scope="session")
def finished(tmp_path_factory, headcount):
    """The whole job of three agencies, done once: keys, shares, seals, receive, link."""
    at = tmp_path_factory.mktemp("finished")
    world = World(at, headcount)
    (at / "protocol.toml").write_text(ready_text("tip"), "utf-8")
    for name, role in {**dict.fromkeys((*AGENCIES, "stranger"), "agency"), **ROLES, "other_unit": "unit"}.items():
        world.done("keys", "new", role, name, "-o", world.key(name))
    to = [word for agency in (*AGENCIES, "stranger") for word in ("--to", world.public(agency))]
    world.done("keys", "share", "--protocol", at / "protocol.toml", "--keys", world.key("custodian"), *to, "-o", at / "shares")
    for agency in (*AGENCIES, "stranger"):
        install = ("--keys", world.key(agency), "--custodian", world.public("custodian"))
        world.done("keys", "install", at / "shares" / f"{agency}.share.age", *install)
    for agency in AGENCIES:
        world.seal(agency, LISTS[agency](), "sealed")
    trust = [word for agency in AGENCIES for word in ("--trust", world.public(agency))]
    world.done(*world.receive_words(*world.sections()), *trust)
    world.link()
    return world


@pytest.fixture
def world(finished, tmp_path):
    """A copy of the finished job, to go on with or to break."""
    shutil.copytree(finished.at, tmp_path / "W", copy_function=shutil.copy2)
    return World(tmp_path / "W", finished.run)


@pytest.fixture(scope="session")
def lists():
    """Agency to its list."""
    return {agency: make() for agency, make in LISTS.items()}


@pytest.fixture(scope="session")
def row():
    """`row("police", 40, …)`: a row of an agency's list about the person of that number."""
    return listed
