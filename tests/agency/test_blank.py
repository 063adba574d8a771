"""A cell that cannot be read is refused, or taken for empty and named; what blanking cannot settle is refused as before."""

import pytest

from linkage.agency.cells import Columns, objects
from linkage.agency.extract import Extract
from linkage.agency.mapping import Mapping, RowForm
from linkage.agency.prepare import checked, prepare
from linkage.errors import ValidationError
from linkage.memory import throw_away_keys
from linkage.protocol import ready_protocol

TIP = ready_protocol("tip")
BLANK = Mapping(rows=RowForm("blank"))
GOOD = {"record_id": "1", "surname": "Ким", "role": "victim", "stage": "DET"}
BAD = {
    "birth_date": "31.31.1999",
    "sex": "9",
    "age": "200",
    "birth_year": "19",
    "region": "?!",
    "article": "много",
    "citizenship": "там",
}


def extract(*rows):
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: objects([row.get(name, "") for row in rows]) for name in names}
    return Extract("list.csv", objects(list(range(2, len(rows) + 2))), Columns(columns))


def test_unreadable_cells_are_blanked_and_each_is_named_by_row_field_and_code():
    sound, blanked = checked(extract(GOOD | BAD, GOOD | {"record_id": "2", "sex": "ж"}), TIP, BLANK)
    assert {(issue.row, issue.field) for issue in blanked} == {(2, name) for name in BAD}
    assert {sound.columns[name][0] for name in BAD} == {""}
    assert sound.columns["surname"].tolist() == ["Ким", "Ким"]
    assert sound.columns["sex"].tolist() == ["", "ж"]


def test_by_default_they_are_refused():
    with pytest.raises(ValidationError) as caught:
        checked(extract(GOOD | BAD), TIP, Mapping())
    assert len(caught.value.issues) == len(BAD)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"record_id": ""}, "record-id-missing"),
        ({"role": "зритель"}, "code-unknown"),
        ({"stage": ""}, "content-missing"),
        ({"surname": ""}, "no-identifier"),
    ],
)
def test_what_blanking_cannot_settle_is_refused_under_its_own_code(row, code):
    with pytest.raises(ValidationError) as caught:
        checked(extract(GOOD | row), TIP, BLANK)
    assert [issue.code for issue in caught.value.issues] == [code]


def test_a_year_that_contradicts_the_date_gives_way_to_it():
    sound, blanked = checked(extract(GOOD | {"birth_date": "1999-01-15", "birth_year": "1998"}), TIP, BLANK)
    assert [issue.field for issue in blanked] == ["birth_year"]
    assert sound.columns["birth_date"][0] == "1999-01-15"


def test_a_blanked_cell_is_encoded_as_if_it_were_empty():
    keys, secret = throw_away_keys(TIP, 1), bytes(range(32))
    made = prepare(extract(GOOD | BAD), BLANK, TIP, keys, secret)
    empty = prepare(extract(GOOD | dict.fromkeys(BAD, "")), BLANK, TIP, keys, secret)
    assert len(made.blanked) == len(BAD)
    assert (made.tokens == empty.tokens).all()
    assert (made.filters == empty.filters).all()
    assert {name: list(column) for name, column in made.content.items()} == {
        name: list(column) for name, column in empty.content.items()
    }
