"""Names as other schemes write them: letter tables of their own, written without the normaliser's."""

_RUSSIFIED = dict(zip("ғӣқӯҳ", "гикух", strict=True)) | {"ҷ": "дж"}
_COMMON = dict(zip("абвгдезиклмнопрстуф", "abvgdeziklmnoprstuf", strict=True))
_ENGLISH = _COMMON | {"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ы": "y", "э": "e", "ь": ""}
_ICAO = _ENGLISH | {"ё": "e", "й": "i", "ъ": "ie", "ю": "iu", "я": "ia"}
_GOST_PASSPORT = _ICAO | {"ц": "tc"}
_GOST = _COMMON | {
    "ж": "zh", "х": "x", "ц": "c", "ч": "ch", "ш": "sh", "щ": "shh", "ы": "y'", "э": "e'", "ь": "'", "ъ": "''", "ё": "yo",
    "й": "j", "ю": "yu", "я": "ya",
}  # fmt: skip
_BGN = _ENGLISH | {
    "ғ": "gh", "ӣ": "í", "қ": "q", "ӯ": "ŭ", "ҳ": "h", "ҷ": "j", "ё": "yo", "й": "y", "ъ": "’", "ю": "yu", "я": "ya",
}  # fmt: skip
_ISO = _COMMON | {
    "ғ": "ġ", "ӣ": "ī", "қ": "ķ", "ӯ": "ū", "ҳ": "ḩ", "ҷ": "ç", "ж": "ž", "х": "h", "ц": "c", "ч": "č", "ш": "š", "щ": "ŝ",
    "ы": "y", "э": "è", "ь": "ʹ", "ъ": "ʺ", "ё": "ë", "й": "j", "ю": "û", "я": "â",
}  # fmt: skip
_FRENCH = _COMMON | {
    "у": "ou", "ж": "j", "х": "kh", "ц": "ts", "ч": "tch", "ш": "ch", "щ": "chtch", "ы": "y", "э": "e", "ь": "", "ъ": "",
    "ё": "io", "й": "i", "ю": "iou", "я": "ia",
}  # fmt: skip
_UZBEK_1995 = _COMMON | {
    "ғ": "gʻ", "ӣ": "i", "қ": "q", "ӯ": "oʻ", "ҳ": "h", "ҷ": "j", "ж": "j", "х": "x", "ц": "ts", "ч": "ch", "ш": "sh",
    "э": "e", "ь": "", "ъ": "ʼ", "ё": "yo", "й": "y", "ю": "yu", "я": "ya",
}  # fmt: skip
_UZBEK_2021 = _UZBEK_1995 | {"ғ": "ğ", "ӯ": "õ", "ч": "ç", "ш": "ş"}
_LEGACY = dict(zip("ҳҷқғӣӯ", "њљќѓїў", strict=True))


def _letters(text, table):
    return "".join(table.get(letter, letter) for letter in text)


def _titled(text):
    return " ".join(word[:1].upper() + word[1:] for word in text.split(" "))


def russified(text):
    return _titled(_letters(text.lower(), _RUSSIFIED))


def _from_russified(table):
    return lambda text: _titled(_letters(russified(text).lower(), table))


def _from_tajik(table):
    return lambda text: _titled(_letters(text.lower(), table))


def french(text):
    written = _letters(russified(text).lower().replace("дж", "dj"), _FRENCH)
    for vowel in "aeiouy":
        for after in "aeiouy":
            written = written.replace(f"{vowel}s{after}", f"{vowel}ss{after}")
    return _titled(" ".join(word + "e" if word.endswith("in") else word for word in written.split(" ")))


def uzbek_1995(text):
    words = [("ye" + word[1:] if word.startswith("е") else word) for word in text.lower().split(" ")]
    return _titled(_letters(" ".join(words), _UZBEK_1995))


def legacy_font(text):
    return _titled(_letters(text.lower(), _LEGACY))


# Scheme to (rendering, least share of names that must meet their original).
SCHEMES = {
    "ICAO 9303": (_from_russified(_ICAO), 0.95),
    "GOST R 52535.1": (_from_russified(_GOST_PASSPORT), 0.95),
    "GOST 7.0.34": (_from_russified(_GOST), 0.95),
    "BGN/PCGN": (_from_tajik(_BGN), 0.95),
    "ISO 9": (_from_tajik(_ISO), 0.90),
    "French passport": (french, 0.90),
    "Uzbek 1995": (uzbek_1995, 0.95),
    "Uzbek 2021": (_from_tajik(_UZBEK_2021), 0.95),
    "Russified": (russified, 0.95),
    "legacy font": (legacy_font, 0.95),
    "upper case": (str.upper, 0.95),
}


def with_suffix(stem, female):
    """A family name of the stem, as Tajik offices write it before the reform."""
    ending = "ев" if stem[-1] in "аеиоуяӣӯ" else "ов"
    return stem.replace("ӣ", "и") + ending + ("а" if female else "") if stem[-1] == "ӣ" else stem + ending + ("а" if female else "")
