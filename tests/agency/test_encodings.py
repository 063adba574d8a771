"""The encoding of a file is found from its bytes: the mark, UTF-8, and for code pages what the words look like."""

import codecs

import pytest

from linkage.agency.encodings import CANDIDATES, Guess, guess_encoding
from linkage.errors import ExtractError

RUSSIAN = (
    "№ карточки;Фамилия;Имя;Отчество;Дата рождения;Пол\n"
    "1;Рахмонова;Зулфия;Саидовна;01.02.1990;ж\n2;КАРИМОВ;БАХРОМ;УМЕДОВИЧ;03.04.1985;м\n3;Ёров;Юсуф;Яковлевич;05.06.1991;м\n"
)
TAJIK = "Рақам;Насаб;Ном;Номи падар\n1;Раҳмонова;Гулчеҳра;Қодирӣ\n2;Ғафуров;Ҷамшед;Ҳикматӯллоевич\n"


def file_of(tmp_path, data):
    path = tmp_path / "list.csv"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("encoding", CANDIDATES)
def test_each_code_page_is_told_from_the_others(tmp_path, encoding):
    text = TAJIK if encoding == "koi8_t" else RUSSIAN.replace("№", "N")
    found = guess_encoding(file_of(tmp_path, text.encode(encoding)))
    assert found.reason == "letters"
    assert text.encode(encoding).decode(found.name) == text


@pytest.mark.parametrize("encoding", ["cp1251", "cp866", "mac_cyrillic"])
@pytest.mark.parametrize("case", [str.upper, str.lower, str.title])
def test_case_does_not_change_the_answer(tmp_path, encoding, case):
    text = case(RUSSIAN.replace("№", "N"))
    assert text.encode(encoding).decode(guess_encoding(file_of(tmp_path, text.encode(encoding))).name) == text


def test_the_legacy_tajik_font_is_cp1251(tmp_path):
    text = "Раќам;Насаб;Ном\n1;Рањмонов;Љамшед\n2;Ѓафуров;Њасан\n"
    assert guess_encoding(file_of(tmp_path, text.encode("cp1251"))) == Guess("cp1251", "letters")


@pytest.mark.parametrize(
    ("data", "guess"),
    [
        (RUSSIAN.encode(), Guess("utf-8-sig", "UTF-8")),
        (b"id,name\n1,Smith\n", Guess("utf-8-sig", "UTF-8")),
        (RUSSIAN.encode("utf-8-sig"), Guess("utf-8-sig", "mark")),
        (RUSSIAN.encode("utf-16"), Guess("utf-16", "mark")),
        (RUSSIAN.encode("utf-16-le"), Guess("utf-16-le", "UTF-16 without a mark")),
        (RUSSIAN.encode("utf-16-be"), Guess("utf-16-be", "UTF-16 without a mark")),
        (codecs.BOM_UTF16_BE + RUSSIAN.encode("utf-16-be"), Guess("utf-16", "mark")),
        (RUSSIAN.encode() + b"4;\xff\xfe;\n", Guess("utf-8-sig", "damaged UTF-8")),
    ],
)
def test_unicode_files_are_told_by_mark_or_form(tmp_path, data, guess):
    assert guess_encoding(file_of(tmp_path, data)) == guess


def test_a_character_cut_by_the_samples_end_is_no_damage(tmp_path):
    for shift in range(4):
        data = b"x" * shift + ("я" * 600_000).encode()
        assert guess_encoding(file_of(tmp_path, data)) == Guess("utf-8-sig", "UTF-8")


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(ExtractError):
        guess_encoding(tmp_path / "nowhere.csv")
