"""What a cell means in the protocol's codes: sex, coded lists, countries and articles.

Every reader answers the same two questions of each row: which code, and whether there is text that no rule reads. The
mapping's own entries come first; a text that says "unknown" is missing and not an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from linkage.agency.cells import Column, Text, distinct
from linkage.agency.mapping import Mapping as FileMapping
from linkage.agency.names.fold import fold, is_placeholder
from linkage.errors import SchemaError
from linkage.protocol import Protocol
from linkage.schema import CONTENT, SEX_CODES, UNKNOWN

# Cyrillic М and Latin M both mean male; З (Tajik зан), Ж (Russian) and А (Kyrgyz аял) female, Э (эркек) male.
# Digits are not here: ISO/IEC 5218 writes 1 male and 2 female, some agencies write 0 and 1.
# Source: names reference, section 6.
_FEMALE = "f female woman girl ж жен жен. женский женщина девочка з зан духтар а аёл аял қиз ayol xotin qiz"
_MALE = "m male man boy м муж муж. мужской мужчина мальчик мард писар э эркак эркек erkak"
SEX_SPELLINGS: Mapping[str, str] = MappingProxyType(dict.fromkeys(_FEMALE.split(), "F") | dict.fromkeys(_MALE.split(), "M"))

# Source: ISO 3166-1 alpha-3; XKX (Kosovo) is in common use, XXA (stateless) and XXB (refugee) are of ICAO Doc 9303-3.
_ALPHA_3 = """
ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD BGR BHR BHS BIH BLM BLR
BLZ BMU BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR COD COG COK COL COM CPV CRI CUB CUW CXR CYM CYP
CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESH ESP EST ETH FIN FJI FLK FRA FRO FSM GAB GBR GEO GGY GHA GIB GIN GLP GMB
GNB GNQ GRC GRD GRL GTM GUF GUM GUY HKG HMD HND HRV HTI HUN IDN IMN IND IOT IRL IRN IRQ ISL ISR ITA JAM JEY JOR JPN
KAZ KEN KGZ KHM KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAC MAF MAR MCO MDA MDG MDV MEX MHL MKD
MLI MLT MMR MNE MNG MNP MOZ MRT MSR MTQ MUS MWI MYS MYT NAM NCL NER NFK NGA NIC NIU NLD NOR NPL NRU NZL OMN PAK PAN
PCN PER PHL PLW PNG POL PRI PRK PRT PRY PSE PYF QAT REU ROU RUS RWA SAU SDN SEN SGP SGS SHN SJM SLB SLE SLV SMR SOM
SPM SRB SSD STP SUR SVK SVN SWE SWZ SXM SYC SYR TCA TCD TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR
UMI URY USA UZB VAT VCT VEN VGB VIR VNM VUT WLF WSM YEM ZAF ZMB ZWE XKX XXA XXB
"""
COUNTRIES: frozenset[str] = frozenset(_ALPHA_3.split())

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_SUPERSCRIPT = re.compile("\\s*([⁰¹²³⁴-⁹]+)")
_ARTICLE = re.compile(
    r"(?:(?:статья|ст|моддаи|модда|article|art)\.?\s*)?"
    r"([0-9]{1,4})"
    r"(?:\s*(?:[.\-–]|прим\.?)\s*([0-9]{1,2})|\s*\(\s*([0-9]{1,2})\s*\))?"
    r"(?:,?\s*(?:часть|части|ч|қисми|қ|part)\.?\s*[0-9]{1,2})?"
    r"(?:\s*(?:ук|кҷ)(?:\s*(?:рт|ҷт))?)?"
)

Reader = Callable[[str], str | None]


@dataclass(frozen=True, eq=False)
class Coded:
    """A column in codes.

    Attributes:
        codes: (n,) text, "" = missing or unreadable.
        bad: (n,) bool, text that no rule reads.
    """

    codes: Text = field(repr=False)
    bad: NDArray[np.bool_] = field(repr=False)


def sex_codes(values: Text | Column, mapping: FileMapping) -> Text:
    """(n,) text, "F", "M" or "" where sex is missing, unknown or unreadable."""
    return read_sex(values, mapping).codes


def read_sex(values: Text | Column, mapping: FileMapping) -> Coded:
    """Sex by the mapping and the spellings that mean one thing everywhere."""
    return _read_each(values, _by_table({**SEX_SPELLINGS, **_mapped("sex", mapping)}))


def read_content(name: str, values: Text | Column, protocol: Protocol, mapping: FileMapping) -> Coded:
    """A content field in the protocol's codes.

    Args:
        name: a content field of the protocol that is neither a date nor the age group.
        values: (n,) text.
        protocol: whose code list is used.
        mapping: the agency's own spellings.
    """
    kind = CONTENT[name]
    if kind == "sex":
        return read_sex(values, mapping)
    if kind == "code":
        return _read_each(values, _by_table({**_spellings(name, protocol), **_mapped(name, mapping)}))
    parse = parse_article if kind == "article" else parse_country
    return _read_each(values, _by_table(_mapped(name, mapping), parse))


def read_mapped(name: str, values: Text | Column, mapping: FileMapping) -> Coded:
    """An identifier that is no content field, in the words of the mapping alone; unmapped text is marked bad."""
    return _read_each(values, _by_table(_mapped(name, mapping)))


def check_code_maps(protocol: Protocol, mapping: FileMapping) -> None:
    """Hold the mapping's codes against the protocol's.

    Raises:
        SchemaError: an entry maps to what is no code, with every field concerned; no entry is quoted.
    """
    problems = []
    for name, table in mapping.codes.items():
        wrong = sum(not _is_code(name, code, protocol) for code in table.values())
        if wrong:
            problems.append(
                f"codes.{name}: {wrong} of {len(table)} entries map to what is no code ({_codes_in_words(name, protocol)})"
            )
    if problems:
        raise SchemaError("\n".join(problems), hint="in [codes.…] write: what the file says = code of the protocol")


def parse_article(text: str) -> str | None:
    """`130`, `130.1`: the article without its part; 130-1, 130¹, 130(1), ст. 130.1 ч.2 and 130 прим 1 are 130.1.

    None where the text names no article, or several.
    """
    # Before folding, which would make 130¹ the article 1301.
    plain = _SUPERSCRIPT.sub(lambda match: "." + match[1].translate(_SUPERSCRIPTS), text)
    match = _ARTICLE.fullmatch(fold(plain))
    if not match:
        return None
    number, sub = int(match[1]), match[2] or match[3]
    return f"{number}.{int(sub)}" if sub else str(number)


def parse_country(text: str) -> str | None:
    """The ISO 3166-1 alpha-3 code, which must stand there as such; None where it does not."""
    return text if text in COUNTRIES else None


def _spellings(name: str, protocol: Protocol) -> dict[str, str]:
    """Folded spelling → code; a code is its own first spelling."""
    codes = protocol.content[name].codes
    spelled = {fold(text): code for code, texts in codes.items() for text in texts}
    return spelled | {fold(code): code for code in codes}


def _mapped(name: str, mapping: FileMapping) -> dict[str, str]:
    """Folded spelling → code, "" where the mapping says that it means unknown."""
    return {fold(text): "" if code == UNKNOWN else code for text, code in mapping.codes.get(name, {}).items()}


def _by_table(table: Mapping[str, str], parse: Reader = lambda _text: None) -> Reader:
    def read(text: str) -> str | None:
        folded = fold(text)
        if folded in table:
            return table[folded]
        return "" if is_placeholder(folded) or text == UNKNOWN else parse(text)

    return read


def _read_each(values: Text | Column, read: Reader) -> Coded:
    """Every distinct text read once."""
    index, texts = distinct(values)
    found = [read(text) for text in texts]
    codes = np.array([*(code or "" for code in found), ""], dtype=object)
    return Coded(codes[index], np.array([code is None for code in found], np.bool_)[index])


def _is_code(name: str, code: str, protocol: Protocol) -> bool:
    if code == UNKNOWN:
        return True
    kind = CONTENT[name]
    if kind == "code":
        return name not in protocol.content or code in protocol.content[name].codes
    if kind == "sex":
        return code in SEX_CODES
    return code == (parse_article(code) if kind == "article" else parse_country(code))


def _codes_in_words(name: str, protocol: Protocol) -> str:
    words = {"sex": ", ".join(SEX_CODES), "country": "ISO 3166-1 alpha-3", "article": "a number such as 130.1"}
    return f"{words.get(CONTENT[name]) or ', '.join(protocol.content[name].codes)}, or {UNKNOWN}"
