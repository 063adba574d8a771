"""Other readings of a Latin spelling: French passports, scholarly transliteration, and what single letters leave open.

`ch` is ч in most schemes and ш in French ones; `j` is ҷ in Tajik passports and й in scholarly texts. Nothing in the
token tells which, so each reading becomes a further key, and two spellings match where their sets of keys meet.
A reading belongs to a *scheme*, so that the tokens of a compound name are read by the same one.
Source: names specification `norm/1`, step 12; `x` for кс and `ng` for ң are ours, after ICAO 9303 and BGN/PCGN.
"""

from __future__ import annotations

import re

SCHEMES = ("French", "scholarly", "ISO 9", "ICAO ъ", "x for ks", "ng for ң")
_FRENCH = re.compile("ou|tch|dj|ch|ine$")
_FRENCH_PARTS = {"tch": "ch", "dj": "dzh", "ch": "sh", "ou": "u", "ss": "s"}
_FRENCH_PART = re.compile("tch|dj|ch|ou|ss")
_SCHOLARLY = re.compile("[jčšžèâûŝ]")
_SCHOLARLY_PARTS = {
    "dž": "dzh", "dj": "dzh", "ja": "ya", "ju": "yu", "jo": "yo", "je": "ye", "jë": "yo", "ij": "iy", "ž": "zh", "š": "sh",
    "č": "ch", "ŝ": "shch", "â": "ya", "û": "yu", "è": "e", "ç": "dzh",
}  # fmt: skip
_SCHOLARLY_PART = re.compile("|".join(_SCHOLARLY_PARTS))
_J_AFTER = re.compile("j(?![aeiou])")
_PLAIN_C = re.compile("c(?!h)")
_ICAO_SIGN = re.compile("(?<=[a-z])ie(?=[a-z])(?!va?$)")
_NG = re.compile("ng")
_ANY = re.compile("ou|tch|dj|ch|ine$|[jčšžèâûŝçx]|ie|ng")


def readings(token: str) -> tuple[str, ...]:
    """The token in the spelling of each of `SCHEMES`; an empty text where the scheme has no reading of its own.

    Args:
        token: folded, Latin.
    """
    if not _ANY.search(token):
        return ("", "", "", token, token, token)
    return (_french(token), _scholarly(token), _iso(token), _without_sign(token), token.replace("x", "ks"), _NG.sub("n", token))


def _french(token: str) -> str:
    if not _FRENCH.search(token):
        return ""
    changed = _FRENCH_PART.sub(lambda part: _FRENCH_PARTS[part.group()], token)
    return changed.removesuffix("e") if changed.endswith("ine") else changed


def _scholarly(token: str) -> str:
    if not _SCHOLARLY.search(token):
        return ""
    return _J_AFTER.sub("y", _SCHOLARLY_PART.sub(lambda part: _SCHOLARLY_PARTS[part.group()], token))


def _iso(token: str) -> str:
    """ISO 9 writes ҷ as `ç`, which elsewhere is ч, and ц as `c`, which only marked letters give away."""
    if "ç" not in token and not _SCHOLARLY.search(token):
        return ""
    return _PLAIN_C.sub("ts", (_scholarly(token) or token).replace("ç", "dzh"))


def _without_sign(token: str) -> str:
    """ICAO 9303 writes ъ as `ie`; never before the -в of a surname, where `ie` is -иев."""
    return _ICAO_SIGN.sub("", token)
