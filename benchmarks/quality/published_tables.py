"""What is published beside the truth, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.markdown import Result, table

_EXPLAINED = (
    "*Linkage*: every cell of persons that a report counts, in all its tables, beside the same records with the same content under "
    "their true persons. *Covered*: the share of cells whose 95 % linkage interval holds the truth; *width*: of all intervals "
    "together, by all counts together. How missed joins are dealt out was set on the sets of seed 1; those of seeds 2 and 3 "
    "were looked at afterwards."
)
_AS_PUBLISHED = (
    "*As published*: the same intervals beside the cells that the practice data's maker would publish (sex by age group, region "
    "and form of exploitation). The maker knows every age, region and form, and the lists do not: *true persons* is what the "
    "lists' content gives when nobody is linked wrongly, and no linkage interval holds what is missing there."
)
_BY_TABLE = "The share of cells that is covered, by table:"
_OF_CELLS = ("cells", "exact", "within 1", "covered", "width", "largest error")
_OF_MAKER = ("cells", "exact", "true persons", "within 1", "true persons", "covered")
_NAMES = {"sex_age": "sex by age", "form_of_exploitation": "form", "cube": "region × article × sex"}


def published_tables(result: Result) -> Iterator[str]:
    """All cells, the headline, the tables one by one, and the maker's own cells."""
    sets = result["sets"]
    yield _EXPLAINED
    header = ["set", *_OF_CELLS, "of 20 or more: cells", "covered", "width"]
    yield table(header, ([name, *_cells(one["cells"]), *_large(one["large"])] for name, one in sets.items()))
    yield "Persons by year, role and sex, over all stages; and all persons of the run:"
    header = [
        "set",
        "cells",
        "exact",
        "within 1",
        "covered",
        "width",
        "largest error",
        "persons, true",
        "interval",
        "covers",
        "CPU s",
    ]
    yield table(header, ([name, *_cells(one["sex_role_year"]), *_persons(one)] for name, one in sets.items()))
    yield _BY_TABLE
    tables = next(iter(sets.values()))["tables"]
    rows = ([name, *(f"{one['tables'][each]['covered']:.1%}" for each in tables)] for name, one in sets.items())
    yield table(["set", *(_NAMES.get(each, each) for each in tables)], rows)
    maker = {name: one for name, one in sets.items() if "published" in one}
    if maker:
        yield _AS_PUBLISHED
        header = ["set", *_OF_MAKER, *(f"year × role × sex: {_OF_MAKER[0]}", *_OF_MAKER[1:])]
        yield table(header, ([name, *_maker(one, ""), *_maker(one, "_headline")] for name, one in maker.items()))


def _cells(one: Result) -> list[str]:
    return [
        f"{one['cells']:,}",
        *(f"{one[name]:.1%}" for name in ("exact", "within_one", "covered", "width")),
        str(one["max_error"]),
    ]


def _large(one: Result) -> list[str]:
    return [f"{one['cells']:,}", f"{one['covered']:.1%}", f"{one['width']:.1%}"]


def _persons(one: Result) -> list[str]:
    persons = one["persons"]
    interval = f"{persons['low']:,} – {persons['high']:,}"
    return [f"{persons['true']:,}", interval, "yes" if persons["covers"] else "NO", f"{one['interval']['cpu_s']:.1f}"]


def _maker(one: Result, which: str) -> list[str]:
    ours, best = one[f"published{which}"], one[f"published_true_persons{which}"]
    shares = [f"{each[name]:.1%}" for name in ("exact", "within_one") for each in (ours, best)]
    return [f"{ours['cells']:,}", *shares, f"{ours['covered']:.1%}"]
