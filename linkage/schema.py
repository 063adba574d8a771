"""The standard names: what a column can be called, what the normaliser makes of it, what may be counted.

An *identifier* says who somebody is: it is encoded under keys, and goes to the linkage unit. A *content* field says
what happened to them: it goes to statistics. No birth date, name or number is ever content.
A *feature* is one canonical text that the normaliser derives from the identifiers of a record; protocols build their
filters and tokens from features by name.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter
from pydantic import ValidationError as PydanticError

from linkage.errors import ExtractError, SchemaError

IdentifierKind = Literal["name", "full_name", "date", "year", "age", "sex", "code", "number"]
ContentKind = Literal["code", "date", "country", "article", "sex", "age_group"]

IDENTIFIERS: Mapping[str, IdentifierKind] = MappingProxyType(
    {
        "surname": "name",
        "given_name": "name",
        "patronymic": "name",
        "full_name": "full_name",
        "birth_date": "date",
        "birth_year": "year",
        "age": "age",
        "sex": "sex",
        "citizenship": "code",
        "region": "code",
        "district": "code",
        "postcode": "code",
        "address": "code",
        "email": "code",
        "phone": "number",
        "document_number": "number",
        "tax_number": "number",
        "case_number": "number",
    }
)
CONTENT: Mapping[str, ContentKind] = MappingProxyType(
    {
        "role": "code",
        "stage": "code",
        "event_date": "date",
        "region": "code",
        "district": "code",
        "article": "article",
        "form_of_exploitation": "code",
        "citizenship": "country",
        "sex": "sex",
        "age_group": "age_group",
    }
)
RECORD_ID = "record_id"


def _name_forms(role: str, words: str, part: str) -> dict[str, str]:
    """The features that each of the three names has."""
    return {
        role: f"{words}, {part}, in vowel classes: one key for spellings, scripts and suffix reforms",
        f"{role}.skeleton": f"{words} in the small Latin alphabet, suffix kept",
        f"{role}.reading1": f"{words} as a further Latin scheme would be read, in vowel classes",
        f"{role}.reading2": "the same by another scheme",
        f"{role}.reading3": "the same by another scheme",
        f"{role}.base": f"class of nicknames, affixes and families of spellings of the {words}",
        f"{role}.sound": f"phonetic code of the {words}",
        f"{role}.initial": f"first letter of the {words}",
    }


# Features by the identifiers that they are made of; what each holds is documented in docs/encoding.md.
FEATURES: Mapping[str, str] = MappingProxyType(
    {
        **_name_forms("surname", "surname", "stem"),
        **_name_forms("given_name", "given name", "whole"),
        **_name_forms("patronymic", "patronymic", "stem"),
        "given_name.joined": "class of the given name joined with the token after it, where a full name leaves that open",
        "given_name.unsexed": "given name in vowel classes without a final -a: what Карим and Карима share",
        "names.bag": "sorted keys of surname and given name: the same whatever their order",
        "names.sounds": "sorted coarse phonetic codes of surname and given name: nearly the same in either order",
        "names.damaged": "which names were left out because a letter was lost",
        "birth_date": "yyyy-mm-dd, where the day is known",
        "birth_date.digits": "the same, or the digits as written of a day that no calendar has, where the mapping says so",
        "birth_date.swapped": "the same with day and month exchanged, where that is a date",
        "birth_date.month_day": "mm-dd, where the day is known",
        "birth_date.year_month": "yyyy-mm, where the month is known",
        "birth_year": "year of birth: of the date, as given, or the likelier of the two that an age at the event leaves open",
        "birth_year.next": "the year after it",
        "sex": "F or M",
        "citizenship": "country as given, folded",
        "region": "region as given, folded",
        "district": "district as given, folded",
        "place": "district, or the region where no district is given",
        "postcode": "postal code, folded",
        "address": "house and street as given, folded",
        "email": "e-mail address, folded",
        "phone": "letters and digits of the telephone number",
        "document_number": "letters and digits of the document number, look-alike letters of a series as Latin ones",
        "tax_number": "letters and digits of the tax number or personal number",
        "case_number": "letters and digits of the case number",
    }
)

SEX_CODES: tuple[str, ...] = ("F", "M")
UNKNOWN, TOTAL = "_U", "_T"
DIFFERENT, NOT_OBSERVED = "different", "not observed"
MINOR, ADULT = "Y0T17", "Y_GE18"
ADULT_AGE = 18

Kind = TypeVar("Kind")


def read_toml(path: Path) -> dict[str, Any]:
    """The TOML file as a dictionary.

    Raises:
        ExtractError: the file is missing or cannot be read.
        SchemaError: the file is not TOML.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError:
        raise ExtractError("the file cannot be read", file=str(path), hint="check the path") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        place = str(error).rpartition("(")[2].rstrip(")") if "(at" in str(error) else "encoding"
        raise SchemaError(f"not valid TOML ({place})", file=str(path)) from None


def build(kind: type[Kind], data: Mapping[str, Any], file: str) -> Kind:
    """A frozen dataclass from plain data: every wrong key and value is reported, in one error.

    Lists become tuples; nothing else is coerced (text is not a number).

    Raises:
        SchemaError: with one line per problem, naming the key's path.
    """
    try:
        return TypeAdapter(kind).validate_json(json.dumps(data, default=str), strict=True)
    except PydanticError as error:
        lines = sorted({f"{_path(e['loc'])}: {_words(e)}" for e in error.errors(include_input=False, include_url=False)})
        raise SchemaError("\n".join(lines), file=file) from None


def plain(value: Any) -> Any:
    """A frozen dataclass as TOML- and JSON-ready data; empty optional entries are left out."""
    if is_dataclass(value) and not isinstance(value, type):
        entries = ((field.name, getattr(value, field.name)) for field in fields(value))
        return {name: plain(item) for name, item in entries if item is not None}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _path(location: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in location) or "(top)"


def _words(error: Any) -> str:
    if error["type"] in {"unexpected_keyword_argument", "extra_forbidden"}:
        return "unknown key"
    if error["type"] == "missing":
        return "missing"
    return str(error["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")
