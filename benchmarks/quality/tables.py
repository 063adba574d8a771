"""The results of the quality suite as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.markdown import Result, not_measured, share, signed, table, whole_seconds
from benchmarks.quality.certainty_tables import certainty_tables
from benchmarks.quality.published_tables import published_tables

_TITLES = {
    "febrl4": "FEBRL 4: surname, given name and birth date of 5,000 persons in two lists",
    "febrl4-all": "FEBRL 4 with address, suburb, postcode and state",
    "febrl3": "FEBRL 3: 5,000 records of 2,000 persons in one list, with address, suburb, postcode and state",
    "rldata10000": "RLdata10000: names and birth date of 9,000 persons, one error in each of 1,000 copies",
    "fake1000": "Splink's fake_1000: names, birth date, city and e-mail address, a fifth of the cells empty",
    "multilink": "multilink: names, sex, telephone and postcode in three lists with duplicates, no birth date",
    "pseudopeople": "pseudopeople: seven lists of 16,619 persons, each with other fields",
    "synth100k": "100,000 synthetic persons: one list, a fifth of it corrupted copies",
    "synth1m": "1,000,000 synthetic persons",
    "tipsim": "TIP-SIM S: six lists over ten years, by all roles' commands and through files",
    "tipsim-m": "TIP-SIM M: the same at 32,000 to 43,000 records, in memory",
    "demo": "The demonstration: counts and truth",
    "ablation": "What is lost by the encoding and by the threshold",
    "published": "What is published: cells, intervals and the truth",
}
_PAIRS = ("f1", "precision", "recall")
_GROUPS = {"twins": "twins joined", "siblings": "siblings", "father_son": "father and son", "same_name": "same name"}
_OURS = "headcount"


def quality_tables(whole: Result) -> str:
    """The suite's results, each under its title, and then what our own runs said of themselves."""
    show = {"tipsim": _tipsim, "tipsim-m": _several, "demo": _demo, "ablation": _ablation, "published": published_tables}
    parts: list[str] = []
    for name, result in whole["results"].items():
        shown = [not_measured(result)] if "skipped" in result else show.get(name, _one_set)(result)
        parts += [f"### {_TITLES[name]}", *shown]
    return "\n\n".join([*parts, *certainty_tables(whole["results"])])


def _one_set(result: Result) -> Iterator[str]:
    methods = result["methods"]
    yield _methods(methods)
    yield from _left_out(methods)


def _methods(methods: Sequence[Result]) -> str:
    """One row per method that was run; columns that no method fills are left out."""
    judged = any("false_merges" in one for one in methods)
    header = ["method", "F1", "P", "R", "B³ F1", "persons", *(["twins joined", "exact cells"] if judged else []), "CPU s", "MB"]
    return table(header, (_method_row(one, judged=judged) for one in methods if "skipped" not in one))


def _method_row(one: Result, *, judged: bool) -> list[str]:
    bcubed = share(one["bcubed"]["f1"]) if "bcubed" in one else "–"
    memory = one.get("peak_memory_mb")
    cost = [whole_seconds(one.get("cpu_s")), "" if memory is None else f"{memory:,.0f}"]
    seen = _twins_and_cells(one) if judged else []
    return [_bold(one["method"]), *_pairs(one), bcubed, signed(one["persons"]["relative_error"]), *seen, *cost]


def _twins_and_cells(one: Result) -> list[str]:
    if "false_merges" not in one:
        return ["–", "–"]
    return [_merged(one["false_merges"].get("twins")), f"{one['sex_role_year']['exact_share']:.1%}"]


def _merged(group: Result | None) -> str:
    return f"{group['merged']} of {group['possible']:,}" if group else "–"


def _left_out(methods: Sequence[Result]) -> Iterator[str]:
    for one in methods:
        if "skipped" in one:
            yield f"{one['method']} was not run: {one['skipped']}."


def _bold(method: str) -> str:
    return f"**{method}**" if method == _OURS else method


def _pairs(one: Result, kind: str = "all") -> list[str]:
    return [share(one["pairs"][kind][name]) for name in _PAIRS]


def _several(result: Result) -> Iterator[str]:
    """A table for each of several sets; what was left out was so for every set."""
    for name, one in result["sets"].items():
        yield f"{name}, {one['records']:,} records:"
        yield _methods(one["methods"])
    yield from _left_out(next(iter(result["sets"].values()))["methods"])


def _tipsim(result: Result) -> Iterator[str]:
    sets = result["sets"]
    header = ["set", "records", "F1", "P", "R", "F1 within lists", "F1 across", "B³ F1", "persons", "true", "error"]
    yield table(header, (_quality_row(name, one) for name, one in sets.items()))
    yield (
        "Published cells that are exactly right, pairs of different people who were joined (of all such pairs), and what "
        "the job took from drawing keys to the report:"
    )
    header = ["set", "exact cells, sex × role × year", *_GROUPS.values(), "wall s", "CPU s", "of it seal", "link"]
    yield table(header, (_truth_row(name, one) for name, one in sets.items()))
    agree = all(one["scorer"].get("agrees") for one in sets.values())
    yield f"The practice data's own scorer {'gives the same figures' if agree else 'was not asked, or DISAGREES'}."
    yield "Keys are drawn anew in each run, so the third digit moves. Beside peers on the same rows: F1, error of the person count."
    yield from _beside(sets)


def _quality_row(name: str, one: Result) -> list[str]:
    ours = one["methods"][0]
    kinds = [share(ours["pairs"][kind]["f1"]) for kind in ("within_lists", "across_lists")]
    persons = ours["persons"]
    count = [str(persons["estimated"]), str(persons["true"]), signed(persons["relative_error"])]
    return [name, f"{one['records']:,}", *_pairs(ours), *kinds, share(ours["bcubed"]["f1"]), *count]


def _truth_row(name: str, one: Result) -> list[str]:
    ours, spent = one["methods"][0], one["spent"]
    costs = [ours["wall_s"], ours["cpu_s"], spent["seal"]["cpu_s"], spent["link"]["cpu_s"]]
    return [name, *_seen(one["scorer"]), *map(whole_seconds, costs)]


def _seen(scorer: Result) -> list[str]:
    """What the practice data's scorer sees besides pairs and persons."""
    if "skipped" in scorer:
        return ["–"] * (1 + len(_GROUPS))
    merged = [_merged(scorer["false_merges"].get(group)) for group in _GROUPS]
    return [f"{scorer['sex_role_year']['exact_share']:.1%}", *merged]


def _beside(sets: Mapping[str, Result]) -> Iterator[str]:
    """One row per method; what was left out was so for every set."""
    first = next(iter(sets.values()))["methods"]
    kinds = [_kind(one) for one in first if "skipped" not in one]
    yield table(["method", *sets], ([_bold(kind), *(_figures(kind, one["methods"]) for one in sets.values())] for kind in kinds))
    yield from _left_out(first)


def _figures(kind: str, methods: Sequence[Result]) -> str:
    """F1 and error of the count; a dash where the method failed on this set."""
    one = next((one for one in methods if "skipped" not in one and _kind(one) == kind), None)
    return f"{share(one['pairs']['all']['f1'])}, {signed(one['persons']['relative_error'])}" if one else "–"


def _kind(one: Result) -> str:
    """The method without the threshold that was best for one set."""
    method: str = one["method"]
    return f"{method.partition(',')[0]}, each set's best threshold" if one.get("oracle") else method


def _demo(result: Result) -> Iterator[str]:
    counted = [title for who in ("victims", "convicted") for title in (f"{who} added up", "unique persons", "truth")]
    yield table(["seed", *counted, "every cell equal"], (_seed_row(seed, one) for seed, one in result["seeds"].items()))


def _seed_row(seed: str, one: Result) -> list[str]:
    figures = []
    for who in ("victims", "convicted"):
        figures += [one["added_up"][who], *(sum(one[side][who].values()) for side in ("unique", "truth"))]
    return [seed, *map(str, figures), "yes" if one["equal"] else "NO"]


def _ablation(result: Result) -> Iterator[str]:
    yield (
        "`fields/1` has the same model and does not hide the encodings; *best* is the clustering threshold that scores best "
        "against the truth, which nobody has."
    )
    header = ["set", "scheme", "F1 at its threshold", "persons", "best F1", "at", "persons"]
    yield table(header, (row for name, one in result["sets"].items() if "skipped" not in one for row in _scheme_rows(name, one)))
    yield from (f"{name} was not run: {one['skipped']}." for name, one in result["sets"].items() if "skipped" in one)


def _scheme_rows(name: str, schemes: Result) -> Iterator[list[str]]:
    for scheme, one in schemes.items():
        own, best = one["own"], one["best"]
        kept = [share(own["f1"]), signed(own["persons"])]
        yield [name, scheme, *kept, share(best["f1"]), f"{best['threshold'] / 1000:g}", signed(best["persons"])]
