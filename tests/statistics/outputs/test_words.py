import string
from dataclasses import replace

import pytest

from linkage.errors import UsageError
from linkage.statistics.words import LANGUAGES, capitalised, read_words, under

OTHERS = [language for language in LANGUAGES if language != "en"]


def places(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_texts_with_the_same_places(language):
    english, other = read_words("en").texts, read_words(language).texts
    assert list(english) == list(other)
    assert [places(text) for text in english.values()] == [places(text) for text in other.values()]
    assert len(english) > 100
    assert any(map(places, english.values()))


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_names_the_same_codes(language):
    english, other = read_words("en").codes, read_words(language).codes
    assert {kind: list(codes) for kind, codes in english.items()} == {kind: list(codes) for kind, codes in other.items()}
    assert sum(map(len, english.values())) > 150


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_is_empty(language):
    words = read_words(language)
    for text in (*words.texts.values(), *(label for codes in words.codes.values() for label in codes.values())):
        assert text == text.strip() != ""


@pytest.mark.parametrize("language", OTHERS)
def test_a_sentence_is_translated_and_not_copied(language):
    english, other = read_words("en").texts, read_words(language).texts
    longer = [key for key, text in english.items() if len(text) > 20]
    assert longer
    assert not [key for key in longer if english[key] == other[key]]


def test_tajik_is_written_with_its_own_letters_and_no_look_alikes():
    words = read_words("tg")
    letters = set("".join((*words.texts.values(), *(label for codes in words.codes.values() for label in codes.values()))).lower())
    assert set("ғӣқӯҳҷ") <= letters
    # the letters by which old fonts stand in for these, and Russian ones that Tajik has not; й with a separate breve
    assert not letters & set("ѓїќўњљ" + "щыц" + "\u0306\u0304")


def test_latin_and_cyrillic_letters_never_meet_in_one_word():
    for language in OTHERS:
        for text in read_words(language).texts.values():
            for word in text.replace("-", " ").replace("{", " ").replace("}", " ").split():
                assert len({letter.isascii() for letter in word if letter.isalpha()}) <= 1, (language, word)


@pytest.mark.parametrize("name", ["tip", "persons"])
def test_a_ready_protocol_speaks_each_language(name):
    from linkage.protocol import ready_protocol

    protocol = ready_protocol(name)
    for language in OTHERS:
        words = under(read_words(language), protocol)
        named = [(kind, code) for kind, content in protocol.content.items() for code in content.codes]
        assert named
        assert not [(kind, code) for kind, code in named if words.code(kind, code).isascii()]


def test_a_protocol_that_calls_a_code_otherwise_keeps_its_word_in_each_language(protocol):
    region = replace(protocol.content["region"], labels={"TJ-SU": "North", "TJ-DU": "Dushanbe"})
    words = under(read_words("tg"), replace(protocol, content={**protocol.content, "region": region}))
    assert words.code("region", "TJ-SU") == "North"
    assert words.code("region", "TJ-DU") == "Душанбе"


def test_a_code_without_a_word_stands_for_itself():
    words = read_words("ru")
    assert words.code("article", "130.1") == "130.1"
    assert words.code("no such kind", "X") == "X"


def test_a_place_without_a_value_is_an_error_and_not_a_gap():
    with pytest.raises(KeyError):
        read_words("en").text("protocol_is")
    assert read_words("en").text("protocol_is", id="x") == "protocol x"


def test_there_are_no_words_in_other_languages():
    with pytest.raises(UsageError):
        read_words("../en")


def test_only_the_first_letter_becomes_a_capital():
    assert [capitalised(text) for text in ("ш. Душанбе", "", "ҳамаи солҳо")] == ["Ш. Душанбе", "", "Ҳамаи солҳо"]
