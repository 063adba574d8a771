"""The practice lists as agencies would send them: drafted mappings understand every column and every coded word."""

import tomllib
from pathlib import Path

import pytest

from linkage.agency.draft import make_draft
from linkage.agency.draft_text import draft_text, not_understood
from linkage.agency.extract import column, read_extract
from linkage.agency.mapping import STANDARD, parse_mapping
from linkage.agency.normalise import features
from linkage.agency.prepare import checked
from linkage.protocol import ready_protocol

PRACTICE = Path(__file__).parents[3] / "shared" / "data" / "tipsim"
TIP = ready_protocol("tip")
ALIASES = {"column of the file without a standard name: Кличка", "column of the file without a standard name: alias"}
LISTS = [
    (folder, path)
    for folder in ("S_pipeline_seed1", "S_sparse_seed2")
    for path in ("police.csv", "prosecutor.xlsx", "court.csv", "migration.csv", "ngo.csv", "ombudsperson.csv")
]
pytestmark = pytest.mark.skipif(not PRACTICE.is_dir(), reason="practice data is not here")


@pytest.fixture(params=LISTS, ids="/".join)
def native(request):
    """A drafted mapping, read back from its text, its list, and the same list as a perfect reader would have it."""
    folder, name = request.param
    path = PRACTICE / folder / "native" / name
    draft = make_draft(path, TIP)
    mapping = parse_mapping(tomllib.loads(draft_text(draft, TIP, name)), "draft.toml")
    return draft, mapping, read_extract(path, mapping), read_extract(PRACTICE / folder / "harmonised" / f"{path.stem}.csv")


def test_every_column_and_every_coded_word_is_understood(native):
    draft, mapping, extract, _ = native
    assert set(not_understood(draft)) <= ALIASES
    assert {name: words.unknown for name, words in draft.words.items() if words.unknown} == {}
    assert checked(extract, TIP, mapping)[1] == ()


def test_a_native_list_tells_what_its_harmonised_twin_tells_but_for_how_names_are_cut(native):
    _, mapping, extract, tidy = native
    assert extract.columns["record_id"].tolist() == tidy.columns["record_id"].tolist()
    read, true = features(extract, TIP, mapping), features(tidy, TIP, STANDARD)
    present = {"birth_date", "birth_year", *extract.columns}
    for name in ("birth_date", "birth_year", "sex", "citizenship", "region", "district", "document_number", "case_number"):
        assert name not in present or (read[name] == true[name]).mean() >= 0.98, name
    assert column(extract, "role").all() and column(extract, "stage").all()
