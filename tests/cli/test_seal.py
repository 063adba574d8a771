"""A real file from its first look to its seal: check drafts, seal follows the draft, and every blanked cell is told."""

import pytest
import typer
from typer.testing import CliRunner

from linkage.cli.agency import seal
from linkage.cli.check import check
from linkage.cli.keys import keys_app
from linkage.errors import ValidationError
from linkage.protocol import ready_text

CANARY = "Канареева"
app = typer.Typer()
app.add_typer(keys_app, name="keys")
app.command("check")(check)
app.command("seal")(seal)
LIST = (
    "№ карточки;Фамилия;Имя;Дата рождения;Пол;Статус лица;Дата регистрации\n"
    f"1;{CANARY};Вера;15.01.1999;ж;потерпевшая;02.03.2018\n2;Алиев;Умед;весной {CANARY};м;обвиняемый;05.03.2018\nИтого;2\n"
)


def run(command):
    done = CliRunner().invoke(app, command.split())
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture
def office(tmp_path, monkeypatch):
    """A terminal in a folder with keys, protocol and an agency's cp1251 list of two rows, one with an unreadable date."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "protocol.toml").write_text(ready_text("tip"), "utf-8")
    (tmp_path / "list.csv").write_bytes(LIST.encode("cp1251"))
    for role, name in (("agency", "police"), ("unit", "unit"), ("statistics", "statistics"), ("custodian", "custodian")):
        run(f"keys new {role} {name} -o keys/{name}")
    run("keys share --protocol protocol.toml --to keys/police/public.json --keys keys/custodian -o shares")
    run("keys install shares/police.share.age --keys keys/police --custodian keys/custodian/public.json")
    return tmp_path


SEAL = (
    "seal list.csv --protocol protocol.toml --keys keys/police --period 2018 --unit keys/unit/public.json"
    " --statistics keys/statistics/public.json -o sealed --mapping m.toml"
)


def test_a_drafted_mapping_seals_the_file_and_lists_what_it_blanked(office):
    assert run("check list.csv --protocol protocol.toml --draft m.toml").exit_code == 0
    sealed = run(SEAL)
    assert "took 1 cell(s) that cannot be read for empty" in sealed.stderr
    assert "row 3, field birth_date [date-unreadable]" in sealed.stderr
    assert "sealed 2 record(s)" in sealed.stderr
    assert CANARY not in sealed.stderr + sealed.stdout
    assert len(list((office / "sealed").iterdir())) == 3


def test_without_leave_to_blank_the_file_is_refused_and_nothing_is_written(office):
    run("check list.csv --protocol protocol.toml --draft m.toml")
    mapping = office / "m.toml"
    mapping.write_text(mapping.read_text("utf-8").replace('unreadable = "blank"', 'unreadable = "refuse"'), "utf-8")
    with pytest.raises(ValidationError):
        run(SEAL)
    assert not (office / "sealed").exists()
