"""How offices spell one name: Tajik, Russian, and Latin as in passports, with the suffixes of before and after 2016.

Written for the demonstration from the offices' side, on purpose apart from the normaliser, which has to undo it.
Source: names reference, section 2.
"""

from __future__ import annotations

from linkage.demo.names_data import RUSSIAN_FORMS

_VOWELS = "аеёиоуэюяӣӯ"
_RUSSIAN = {"ғ": "г", "ӣ": "и", "қ": "к", "ӯ": "у", "ҳ": "х", "ҷ": "дж", "ъ": ""}
_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "ғ": "gh", "д": "d", "е": "e", "ё": "yo", "ж": "zh", "з": "z", "и": "i",
    "ӣ": "i", "й": "y", "к": "k", "қ": "q", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
    "у": "u", "ӯ": "u", "ф": "f", "х": "kh", "ҳ": "h", "ч": "ch", "ҷ": "j", "ш": "sh", "ъ": "", "ь": "", "э": "e",
    "ю": "yu", "я": "ya", "ц": "ts", "щ": "shch", "ы": "y",
}  # fmt: skip


def surname(stem: str, sex: str) -> str:
    """The surname in -ов or -ова: Раҳмонов, Мирзоева, Алиев, Тағоев."""
    joint = stem[:-1] if stem.endswith("й") else stem.removesuffix("ӣ") + "и" if stem.endswith("ӣ") else stem
    suffix = "ев" if joint[-1] in _VOWELS or stem.endswith("й") else "ов"
    return joint + suffix + ("а" if sex == "F" else "")


def reformed_surname(stem: str, suffix: str) -> str:
    """The surname after the reform: Саидзода, Ализода; or Саидӣ, where the stem ends in a consonant."""
    if suffix == "ӣ" and stem[-1] not in _VOWELS + "й":
        return stem + "ӣ"
    return stem.removesuffix("ӣ") + ("и" if stem.endswith("ӣ") else "") + "зода"


def patronymic(father: str, sex: str) -> str:
    """The patronymic in -ович or -овна: Каримович, Мирзоевна, Завқиевич."""
    ending = {"M": "ич", "F": "на"}[sex]
    return surname(father, "M") + ending


def uzbek_patronymic(father: str, sex: str) -> str:
    """The patronymic as a word apart: Анвар ўғли, Анвар қизи."""
    return f"{father} {'ўғли' if sex == 'M' else 'қизи'}"


def russian(text: str) -> str:
    """Tajik text as a Russian-speaking office writes it, without Tajik letters."""
    for tajik, own in RUSSIAN_FORMS:
        if text.startswith(tajik):
            text = own + text.removeprefix(tajik)
    return _letterwise(text.replace("ўғли", "угли").replace("қизи", "кизи"), _RUSSIAN)


def latin(text: str) -> str:
    """Tajik text in Latin letters as in Tajik passports: Ҷамшед → Jamshed, Раҳмонов → Rahmonov."""
    return _letterwise(text, _LATIN)


def russian_latin(text: str) -> str:
    """The Russian spelling in Latin letters, as in Russian papers: Ҷамшед → Dzhamshed, Раҳмонов → Rakhmanov."""
    return latin(russian(text))


def _letterwise(text: str, table: dict[str, str]) -> str:
    return "".join(_cased(table.get(letter.lower(), letter.lower()), letter) for letter in text)


def _cased(replacement: str, letter: str) -> str:
    return replacement.capitalize() if letter.isupper() else replacement
