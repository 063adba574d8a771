"""A file that nobody has described gets a complete mapping, every guess with its reason, and no cell of an identifier."""

import tomllib

import openpyxl
import pytest

from linkage.agency.draft import make_draft
from linkage.agency.draft_text import draft_mapping, draft_text, not_understood
from linkage.agency.extract import read_extract
from linkage.agency.kinds import KINDS, kind_of_headers, kind_of_name
from linkage.agency.mapping import parse_mapping
from linkage.agency.prepare import checked
from linkage.errors import UsageError
from linkage.protocol import ready_protocol

TIP = ready_protocol("tip")
CANARY = "Канареева"
COLUMNS = "№ карточки;Фамилия;Имя;Дата рождения;Пол;Гражданство;Регион;Район;Паспорт;Статус лица;Дата регистрации;Статья УК"
POLICE = (
    f"{COLUMNS};Вид эксплуатации\n"
    f"П-1;{CANARY};Вера;15.01.1999;ж;Таджикистан;Согдийская область;Пенджикентский район;А1234567;"
    "потерпевшая;02.03.2018;130.1;проституция\n"
    "П-2;Рањмонов;Љамшед;00.00.1985;м;РФ;РРП;Гиссар;;Подозреваемый;05.03.2018;ст. 130(1);\n"
    "П-3;Сафаров;Умед;1971;м;Узбекистан;г. Душанбе;Душанбе;;обвиняемый;;130-2;иное\nИтого;3;;;;;;;;;;;\n"
)


def drafted(path, agency=None):
    draft = make_draft(path, TIP, agency)
    text = draft_text(draft, TIP, path.name)
    assert parse_mapping(tomllib.loads(text), "draft.toml") == draft.mapping
    return draft, text


def csv_file(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["cp1251", "utf-8", "utf-8-sig", "utf-16"])
def test_a_police_list_is_understood_whole_in_any_encoding(tmp_path, encoding):
    path = csv_file(tmp_path / "list.csv", POLICE, encoding)
    draft, text = drafted(path)
    mapping = draft.mapping
    assert draft.kind == "police"
    assert mapping.file.delimiter == ";"
    assert mapping.dates.formats == ("%d.%m.%Y", "%Y")
    assert mapping.columns["stage"] == mapping.columns["role"] == "Статус лица"
    assert mapping.codes["role"] == {"потерпевшая": "victim", "Подозреваемый": "offender", "обвиняемый": "offender"}
    assert mapping.codes["stage"] == {"потерпевшая": "DET", "Подозреваемый": "SUS", "обвиняемый": "PRO"}
    assert mapping.codes["region"] == {"Согдийская область": "TJ-SU", "РРП": "TJ-RA", "г. Душанбе": "TJ-DU"}
    assert mapping.codes["district"] == {"Пенджикентский район": "Panjakent", "Гиссар": "Hisor", "Душанбе": "Dushanbe"}
    assert mapping.codes["citizenship"] == {"Таджикистан": "TJK", "РФ": "RUS", "Узбекистан": "UZB"}
    assert mapping.codes["form_of_exploitation"] == {"проституция": "SEX", "иное": "OTH"}
    assert not_understood(draft) == draft.issues == ()
    extract, blanked = checked(read_extract(path, mapping), TIP, mapping)
    assert (len(extract), blanked, extract.left_out["totals"]) == (3, (), 1)
    assert extract.columns["surname"][1] == "Раҳмонов"
    for cell in (CANARY, "Вера", "1999", "А1234567", "П-1", "Сафаров"):
        assert cell not in text


def test_koi8_t_and_cp866_lists_are_drafted_too(tmp_path):
    for encoding, name in (("koi8_t", "Раҳимова"), ("cp866", "Рахимова")):
        header = "Рақам;Насаб;Ном" if encoding == "koi8_t" else "Рег. N;Фамилия;Имя"
        path = csv_file(tmp_path / f"{encoding}.csv", f"{header};record_id\n;{name};Гулчехра;1\n;Каримова;Саодат;2\n", encoding)
        draft, _ = drafted(path)
        assert draft.extract.columns["surname"].tolist() == [name, "Каримова"]


@pytest.mark.parametrize(
    ("agency", "stage"),
    [("police", "DET"), ("prosecutor", "INV"), ("court", "HEA"), ("ngo", "ASS"), ("ombudsperson", "COM"), ("Прокуратура", "INV")],
)
def test_the_named_agency_settles_the_stage_of_a_victim(tmp_path, agency, stage):
    path = csv_file(tmp_path / "list.csv", "record_id,surname,role\n1,Ким,потерпевший\n")
    draft, _ = drafted(path, agency)
    assert draft.mapping.codes["stage"] == {"потерпевший": stage}
    assert draft.issues == ()


def test_a_stage_that_nothing_tells_stays_open_and_is_told_by_row(tmp_path):
    path = csv_file(tmp_path / "list.csv", "record_id,surname,role\n1,Ким,потерпевший\n2,Ли,осужденный\n")
    draft, text = drafted(path)
    assert draft.kind is None
    assert draft.mapping.codes["stage"] == {"осужденный": "CON"}
    assert "stage: 1 spelling(s) not understood, in row(s) 2" in not_understood(draft)
    assert "--agency" in text
    assert {issue.code for issue in draft.issues} == {"code-unknown"}


def test_a_draft_whose_stage_nothing_tells_can_still_be_read(tmp_path):
    draft, _ = drafted(csv_file(tmp_path / "list.csv", "record_id,surname,role\n1,Ким,потерпевший\n"))
    assert "stage" not in draft.mapping.columns
    assert draft.missing == ("stage",)


def test_an_ngos_list_gets_role_and_stage_as_guesses(tmp_path):
    draft, text = drafted(csv_file(tmp_path / "list.csv", "client_code,full_name,age,intake_date\nN1,Вера,17,14.04.2019\n"))
    assert draft.mapping.constants == {"role": "victim", "stage": "ASS"}
    assert 'role = "victim"   # a guess' in text


def test_a_list_of_unknown_keeping_leaves_role_and_stage_to_a_person(tmp_path):
    draft, text = drafted(csv_file(tmp_path / "list.csv", "record_id,surname\n1,Ким\n"))
    assert draft.missing == ("role", "stage")
    assert '# role = "…"   # one of victim, offender' in text


def test_an_unknown_agency_is_refused_with_the_known_ones(tmp_path):
    path = csv_file(tmp_path / "list.csv", "record_id,surname\n1,Ким\n")
    with pytest.raises(UsageError) as caught:
        make_draft(path, TIP, "choir")
    assert "police" in caught.value.hint


def test_words_that_are_not_understood_are_told_by_row_and_never_quoted(tmp_path):
    text = f"record_id,surname,sex,region,district\n1,Ким,1,{CANARY},{CANARY}\n2,Ли,2,Хатлон,Вахш\n"
    draft, toml = drafted(csv_file(tmp_path / "list.csv", text))
    assert CANARY not in toml + " ".join(not_understood(draft))
    assert "region: 1 spelling(s) not understood, in row(s) 2" in not_understood(draft)
    assert "sex: 2 spelling(s) not understood, in row(s) 2, 3" in not_understood(draft)
    assert "digits are never guessed" in toml
    assert "sex" not in draft.mapping.codes


def test_bad_cells_make_a_draft_that_blanks_them_and_says_how_many(tmp_path):
    rows = ("1,Ким,31.02.1985,200,victim,DET", "2,Ли,15.01.1999,,victim,DET", "3,Пак,весной,,victim,DET")
    text = "\n".join(("record_id,surname,birth_date,age,role,stage", *rows))
    path = csv_file(tmp_path / "list.csv", text)
    draft, toml = drafted(path)
    assert (draft.mapping.rows.unreadable, draft.mapping.dates.impossible) == ("blank", "compare")
    assert "cell(s): age-implausible" in toml
    _, blanked = checked(read_extract(path, draft.mapping), TIP, draft.mapping)
    assert [(issue.row, issue.field) for issue in blanked] == [(2, "age"), (4, "birth_date")]


def test_sound_files_get_a_draft_that_refuses_bad_cells(tmp_path):
    draft, toml = drafted(csv_file(tmp_path / "list.csv", POLICE))
    assert draft.mapping.rows.unreadable == "refuse"
    assert "[rows]" not in toml


def test_a_workbook_with_a_title_and_a_header_of_two_rows_is_drafted(tmp_path):
    book = openpyxl.Workbook()
    for row in (
        ("Журнал учета лиц",),
        ("Рег. №", "ФИО", None, None, "Дата рождения"),
        (None, "Фамилия", "Имя", "Отчество", None),
        ("1", CANARY, "Вера", "Павловна", 36175),
        ("2", "Ли", "Анна", None, "15.01.85"),
    ):
        book.active.append(row)
    book.active.merge_cells("A1:E1")
    book.active.merge_cells("B2:D2")
    book.save(tmp_path / "list.xlsx")
    draft, text = drafted(tmp_path / "list.xlsx")
    assert (draft.mapping.file.header_row, draft.mapping.file.header_rows) == (2, 2)
    assert list(draft.mapping.columns) == ["record_id", "surname", "given_name", "patronymic", "birth_date"]
    assert draft.mapping.dates.serials
    assert draft.mapping.dates.pivot == 2023
    assert CANARY not in text


def test_a_header_in_the_legacy_font_is_understood(tmp_path):
    path = csv_file(tmp_path / "list.csv", "Раќами сабт;Насаб;Ном;Љинс;Ноњия\n1;Рањимова;Вера;зан;Њисор\n", "cp1251")
    draft, _ = drafted(path)
    assert draft.mapping.columns == {
        "record_id": "Раќами сабт",
        "surname": "Насаб",
        "given_name": "Ном",
        "sex": "Љинс",
        "district": "Ноњия",
    }
    assert draft.mapping.codes["district"] == {"Ҳисор": "Hisor"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("police", "police"),
        ("МВД", "police"),
        ("General Prosecutor", "prosecutor"),
        ("додгоҳ", "court"),
        ("NGO shelter", "ngo"),
        ("Омбудсмен", "ombudsperson"),
        ("choir", None),
    ],
)
def test_an_office_is_known_by_its_name(name, kind):
    assert kind_of_name(name) == kind


def test_headers_that_speak_for_two_kinds_of_office_speak_for_none():
    assert kind_of_headers(["№ карточки", "intake_date"]) is None
    assert kind_of_headers(["surname"]) is None
    assert kind_of_headers(["№ карточки", "Дата регистрации", "intake_date"]) == "police"


def test_every_guess_of_a_kind_is_a_code_of_the_protocol():
    for kind in KINDS.values():
        assert set(kind.stages) <= set(TIP.content["role"].codes)
        assert set(kind.stages.values()) <= set(TIP.content["stage"].codes)


def test_the_draft_names_the_file_safely(tmp_path):
    path = csv_file(tmp_path / 'a"b.csv', "record_id,surname\n1,Ким\n")
    assert tomllib.loads(draft_mapping(path, TIP))["format"] == "headcount-mapping/1"
