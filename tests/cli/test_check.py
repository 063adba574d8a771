"""`headcount check`: columns and issues on stdout, exit 1 where there is an issue, and never a cell."""

import json
import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from linkage.cli.check import check
from linkage.errors import ExtractError, SchemaError, UsageError
from linkage.protocol import ready_text

CANARY = "Канареева"
app = typer.Typer()
app.command()(check)


@pytest.fixture
def protocol(tmp_path):
    path = tmp_path / "protocol.toml"
    path.write_text(ready_text("tip"), "utf-8")
    return path


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def file_of(path, text):
    path.write_text(text, "utf-8")
    return path


GOOD = "record_id,surname,birth_date,sex,role,stage,Кличка\n1,Ким,1999-01-15,F,victim,DET,x\n2,Ли,,M,victim,DET,\n"


def test_a_sound_extract_is_told_by_column_and_exits_0(tmp_path, protocol):
    result = run(file_of(tmp_path / "list.csv", GOOD), "--protocol", protocol)
    assert result.exit_code == 0
    assert "2 row(s)" in result.stdout
    assert "birth_date              50.0%   100.0%  column birth_date" in result.stdout
    assert "not read: Кличка" in result.stdout
    assert "rows with a usable name and a year of birth: 50.0%" in result.stdout
    assert "issues: 0" in result.stdout


def test_issues_are_listed_by_row_field_and_code_and_exit_1(tmp_path, protocol):
    path = file_of(tmp_path / "list.csv", GOOD + "3,Цой,99.99.1999,1,victim,DET,\n")
    result = run(path, "--protocol", protocol)
    assert result.exit_code == 1
    assert "row 4, field birth_date: " in result.stdout
    assert "[date-unreadable]" in result.stdout
    assert "[sex-unmapped]" in result.stdout
    assert "issues: 2" in result.stdout


def test_json_tells_the_same_whole(tmp_path, protocol):
    rows = "".join(f"{number},Ким,,9,victim,DET,\n" for number in range(3, 303))
    path = file_of(tmp_path / "list.csv", GOOD + rows)
    answer = json.loads(run(path, "--protocol", protocol, "--json").stdout)
    assert len(answer["issues"]) == answer["codes"]["sex-unmapped"] == 300
    assert answer["issues"][0].keys() == {"row", "field", "code", "message"}
    birth = next(column for column in answer["columns"] if column["field"] == "birth_date")
    assert birth == {"field": "birth_date", "header": "birth_date", "filled": 1, "understood": 1, "notes": ["known 1 to the day"]}
    assert (answer["rows"], answer["linkable"], answer["ignored"]) == (302, 1, ["Кличка"])
    text = run(path, "--protocol", protocol).stdout
    assert text.count("row ") == 200
    assert "and 100 more" in text


def test_a_mapping_gives_columns_and_constants(tmp_path, protocol):
    path = file_of(tmp_path / "list.csv", "Код;Фамилия\n1;Ким\n")
    lines = ['format = "headcount-mapping/1"', "[columns]", 'record_id = "Код"', 'surname = "Фамилия"', "[constants]"]
    mapping = file_of(tmp_path / "m.toml", "\n".join([*lines, 'role = "victim"', 'stage = "DET"']))
    result = run(path, "--protocol", protocol, "--mapping", mapping)
    assert result.exit_code == 0
    assert "column Фамилия" in result.stdout
    assert "the same in every row" in result.stdout


def test_a_draft_is_written_once_and_checks_nothing(tmp_path, protocol):
    path = file_of(tmp_path / "list.csv", f"Фамилия;Имя;Пол\n{CANARY};Вера;1\n")
    draft = tmp_path / "draft.toml"
    result = run(path, "--protocol", protocol, "--draft", draft)
    assert (result.exit_code, result.stdout) == (0, f"{draft}\n")
    assert tomllib.loads(draft.read_text("utf-8"))["columns"] == {"surname": "Фамилия", "given_name": "Имя", "sex": "Пол"}
    assert CANARY not in draft.read_text("utf-8")
    assert isinstance(run(path, "--protocol", protocol, "--draft", draft).exception, UsageError)
    assert run(path, "--protocol", protocol, "--draft", draft, "--force").exit_code == 0


@pytest.mark.parametrize(("text", "error"), [("surname\nx\n", ExtractError), ("record_id,a\n1\n", ExtractError)])
def test_files_that_are_no_extract_raise_the_familys_error(tmp_path, protocol, text, error):
    assert isinstance(run(file_of(tmp_path / "list.csv", text), "--protocol", protocol).exception, error)


def test_a_wrong_mapping_raises_the_familys_error(tmp_path, protocol):
    mapping = file_of(tmp_path / "m.toml", 'format = "headcount-mapping/1"\n[columns]\nsurnam = "A"\n')
    result = run(file_of(tmp_path / "list.csv", GOOD), "--protocol", protocol, "--mapping", mapping)
    assert isinstance(result.exception, SchemaError)


def test_no_answer_and_no_error_tells_a_cell(tmp_path, protocol):
    header = "record_id,surname,given_name,birth_date,birth_year,age,sex,citizenship,region,role,stage,article,event_date,note"
    row = ",".join([CANARY] * 14)
    for text in (f"{header}\n{row}\n{row}\n", f"{header}\n{row},{CANARY}\n", f"{CANARY},surname\n{CANARY},{CANARY}\n"):
        path = file_of(tmp_path / "list.csv", text)
        for options in ((), ("--json",), ("--draft", tmp_path / "draft.toml", "--force")):
            result = run(path, "--protocol", protocol, *options)
            told = f"{result.stdout} {result.stderr} {result.exception} {getattr(result.exception, 'hint', '')}"
            assert CANARY not in told
            assert len(told) > 10
    assert not list(Path(tmp_path).glob("*.partial"))


def test_a_file_name_cannot_steer_the_terminal(tmp_path, protocol):
    path = file_of(tmp_path / "a\x1b[31m.csv", GOOD.replace("Кличка", "К\x1b[31m"))
    assert "\x1b" not in run(path, "--protocol", protocol).stdout


NATIVE = (
    "Список;;;;;\n№ карточки;Фамилия;Дата рождения;Пол;Статус лица;Кличка\n1;Рањмонов;01.01.1985;м;подозреваемый;x\n"
    f"2;Ра?имов;01.01.1986;м;потерпевший;\n3;{CANARY};01.01.1987;ж;потерпевший;\n4;К.;;ж;потерпевший;\nИтого;4\n"
)


def test_a_file_never_seen_is_profiled_without_protocol_or_mapping(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(NATIVE.encode("cp1251"))
    result = run(path)
    assert result.exit_code == 0
    for told in (
        "4 row(s), 0 empty",
        "left out: 1 row(s) of totals",
        "encoding cp1251",
        "header in row 2, kept by an office of the kind: police",
        "dates as %d.%m.%Y, %Y",
        "1 cell(s) in the legacy Tajik font: repaired",
        "1 cell(s) with lost letters (?)",
        "1 cell(s) with initials alone",
        "01.01: 3 date(s), 0.0 expected: heaped, taken for the year alone",
        "not understood: column of the file without a standard name: Кличка",
        "surname                100.0%    50.0%  column Фамилия",
        "birth_date              75.0%   100.0%  column Дата рождения",
        "rows with a usable name and a year of birth: 50.0%",
        "issues: 0",
    ):
        assert told in result.stdout, told
    assert CANARY not in result.stdout


def test_the_profile_as_json_says_the_same(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(NATIVE.encode("cp1251"))
    answer = json.loads(run(path, "--json").stdout)
    assert (answer["rows"], answer["linkable"], answer["left_out"]["totals"]) == (4, 2, 1)
    assert [column["field"] for column in answer["columns"]] == ["record_id", "surname", "birth_date", "sex", "role", "stage"]
    assert {column["field"]: column["understood"] for column in answer["columns"]}["surname"] == 2


def test_a_file_without_record_ids_is_profiled_and_the_lack_is_told(tmp_path):
    path = file_of(tmp_path / "list.csv", "Фамилия;Имя;Дата рождения\nКим;Анна;15.01.1999\n")
    result = run(path)
    assert "no column of record ids" in result.stdout
    assert "rows with a usable name and a year of birth: 100.0%" in result.stdout


def test_the_agency_can_be_named(tmp_path, protocol):
    path = file_of(tmp_path / "list.csv", "Рег. №;Фамилия;Роль\n1;Ким;потерпевший\n")
    draft = tmp_path / "draft.toml"
    assert run(path, "--protocol", protocol, "--draft", draft, "--agency", "court").exit_code == 0
    assert tomllib.loads(draft.read_text("utf-8"))["codes"]["stage"] == {"потерпевший": "HEA"}
    assert isinstance(run(path, "--agency", "choir").exception, UsageError)


def test_a_draft_says_on_stderr_what_it_did_not_understand(tmp_path, protocol):
    path = file_of(tmp_path / "list.csv", f"Рег. №;Фамилия;Пол;Кличка\n1;Ким;{CANARY};x\n")
    result = run(path, "--protocol", protocol, "--draft", tmp_path / "draft.toml")
    assert "not understood: sex: 1 spelling(s) not understood, in row(s) 2" in result.stderr
    assert CANARY not in result.stderr


def test_blanked_cells_are_told_apart_from_what_stops_a_seal(tmp_path, protocol):
    path = file_of(tmp_path / "list.csv", GOOD + "3,Цой,99.99.1999,F,victim,DET,\n")
    mapping = file_of(tmp_path / "m.toml", 'format = "headcount-mapping/1"\n[rows]\nunreadable = "blank"\n')
    result = run(path, "--protocol", protocol, "--mapping", mapping, "--json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["stopping"], answer["blanked"]) == (0, 0, 1)
    assert answer["issues"][0]["blanked"] is True
    file_of(path, GOOD + "3,Цой,99.99.1999,F,зритель,DET,\n")
    result = run(path, "--protocol", protocol, "--mapping", mapping, "--json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["stopping"], answer["blanked"]) == (1, 1, 1)
