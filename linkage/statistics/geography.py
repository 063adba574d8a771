"""Places and countries: codes that are agreed on, and the names by which they are known.

Regions carry ISO 3166-2 codes, citizenship ISO 3166-1 alpha-3. For districts there is no verified official code: the
gazetteer knows the 65 districts of Tajikistan by their Tajik, Russian, English and former names and by those that a
legacy font makes of them. The tables are in `facts/`.

Source: reference `statistics.md`, section 2 (geography).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from linkage.protocol import Protocol
from linkage.schema import TOTAL, UNKNOWN

NORMAL, BREAK = "A", "B"
DOMESTIC, CROSS_BORDER = "domestic", "cross-border"
_STATELESS = ("XXA", "XXB")
_KINDS = re.compile(r"\b(?:ноҳияи|шаҳри|район|р-н|город|г|ш|н|district|city)\b\.?")


@dataclass(frozen=True)
class Place:
    """A region or district.

    Attributes:
        name: English name; of a region that of ISO 3166-2.
        region: ISO 3166-2 code of the region that it is or lies in.
        kind: city, district, region …
        spellings: further names, former ones and those of a legacy font among them.
    """

    name: str
    region: str
    kind: str
    spellings: tuple[str, ...]


def country_of(protocol: Protocol) -> str:
    """ISO 3166-1 alpha-2 code of the country that all regions of the protocol lie in; "" where they do not say one.

    It decides whose statutes the articles are of, and who is a foreigner.
    """
    codes = protocol.content["region"].codes if "region" in protocol.content else {}
    found = {code.partition("-")[0] for code in codes if code in regions()}
    return found.pop() if len(found) == 1 else ""


def alpha_3(country: str) -> str:
    """The alpha-3 code of an alpha-2 code; "" where there is none."""
    return next((code for code, (short, _) in _countries().items() if short == country and short), "")


def country_name(code: str) -> str:
    """The English short name of an alpha-3 code, or the code itself."""
    return _countries().get(code, ("", code))[1]


def unrecognised(citizenships: Iterable[str]) -> tuple[str, ...]:
    """The codes among these that no country has, each once, sorted: to be listed, never dropped."""
    return tuple(sorted({code for code in citizenships if code not in _countries() and code not in {UNKNOWN, TOTAL, ""}}))


def flow(citizenship: str, country: str) -> str:
    """`domestic` or `cross-border` as far as citizenship tells; `_U` where it does not.

    A citizen of the country is taken for domestic, though a citizen may have been exploited abroad; a foreigner for
    cross-border. Who has no citizenship, or an unknown one, is neither.

    Args:
        citizenship: alpha-3 code.
        country: alpha-2 code of the country that counts.

    Source: reference `statistics.md`, section 2, questionnaire row 7.
    """
    if citizenship in _STATELESS or citizenship not in _countries() or not alpha_3(country):
        return UNKNOWN
    return DOMESTIC if citizenship == alpha_3(country) else CROSS_BORDER


def regions() -> Mapping[str, Place]:
    """ISO 3166-2 code to region."""
    return {
        code: Place(entry["name"], code, entry["kind"], tuple(entry.get("also", ())))
        for code, entry in _facts("places.toml")["regions"].items()
    }


def districts() -> tuple[Place, ...]:
    """The districts of Tajikistan, in the order of the statistical bulletin."""
    return tuple(
        Place(entry["name"], entry["region"], entry["kind"], tuple(_spelled(entry))) for entry in _facts("places.toml")["districts"]
    )


def find_district(text: str) -> Place | None:
    """The district of that name, in any of its spellings; None where no district or more than one has it."""
    found = _gazetteer().get(_folded(text)) or _gazetteer().get(_folded(_KINDS.sub(" ", text.casefold())), ())
    return found[0] if len(found) == 1 else None


def observation_status(dimension: str, value: str, year: str) -> str:
    """`B` where the area is another one since that year than in the years before, otherwise `A` (SDMX CL_OBS_STATUS).

    Args:
        dimension: `region` or `district`; anything else has no area.
        value: ISO 3166-2 code, or a district's name.
        year: as text; `_T` and `_U` are no year of a series.

    Source: reference `statistics.md`, section 2, series break.
    """
    if not year.isdigit():
        return NORMAL
    for entry in _facts("places.toml")["breaks"]:
        if int(year) >= entry["first_year"] and value in entry.get(f"{dimension}s", ()):
            return BREAK
    return NORMAL


def _spelled(entry: Mapping[str, Any]) -> Iterable[str]:
    yield from (entry[name] for name in ("tg", "ru", "legacy_font") if name in entry)
    yield from entry.get("former", ())


def _folded(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


@cache
def _gazetteer() -> Mapping[str, tuple[Place, ...]]:
    table: dict[str, tuple[Place, ...]] = {}
    for place in districts():
        for spelling in {_folded(name) for name in (place.name, *place.spellings)}:
            table[spelling] = (*table.get(spelling, ()), place)
    return table


@cache
def _countries() -> Mapping[str, tuple[str, str]]:
    return {code: (short, name) for code, (short, name) in _facts("countries.toml")["countries"].items()}


@cache
def _facts(name: str) -> Mapping[str, Any]:
    return tomllib.loads((resources.files("linkage.statistics") / "facts" / name).read_text("utf-8"))
