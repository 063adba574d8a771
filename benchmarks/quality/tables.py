"""The results of the quality suite as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.markdown import Result, not_measured, share, signed, table, whole_seconds

_TITLES = {
    "febrl4": "FEBRL 4: surname, given name and birth date of 5,000 persons in two lists",
    "tipsim": "TIP-SIM S: six lists over ten years, by all roles' commands and through files",
    "synth100k": "100,000 synthetic persons: one list, a fifth of it corrupted copies",
    "demo": "The demonstration: counts and truth",
}
_PAIRS = ("f1", "precision", "recall")
_GROUPS = {"twins": "twins joined", "siblings": "siblings", "father_son": "father and son", "same_name": "same name"}


def quality_tables(whole: Result) -> str:
    """The suite's results, each under its title."""
    show = {"febrl4": _one_set, "tipsim": _tipsim, "synth100k": _one_set, "demo": _demo}
    parts: list[str] = []
    for name, result in whole["results"].items():
        parts += [f"### {_TITLES[name]}", *([not_measured(result)] if "skipped" in result else show[name](result))]
    return "\n\n".join(parts)


def _one_set(result: Result) -> Iterator[str]:
    yield table(["method", "F1", "P", "R", "persons", "CPU s"], _method_rows(result["methods"]))
    yield from _left_out(result["methods"])


def _method_rows(methods: Sequence[Result]) -> Iterator[list[str]]:
    for one in methods:
        if "skipped" not in one:
            yield [_bold(one["method"]), *_pairs(one), signed(one["persons"]["relative_error"]), whole_seconds(one.get("cpu_s"))]


def _left_out(methods: Sequence[Result]) -> Iterator[str]:
    for one in methods:
        if "skipped" in one:
            yield f"{one['method']} was not run: {one['skipped']}."


def _bold(method: str) -> str:
    return f"**{method}**" if method == "headcount" else method


def _pairs(one: Result, kind: str = "all") -> list[str]:
    return [share(one["pairs"][kind][name]) for name in _PAIRS]


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
    groups = (scorer["false_merges"].get(group) for group in _GROUPS)
    merged = [f"{group['merged']} of {group['possible']:,}" if group else "–" for group in groups]
    return [f"{scorer['sex_role_year']['exact_share']:.1%}", *merged]


def _beside(sets: Mapping[str, Result]) -> Iterator[str]:
    """One row per method; what was left out was so for every set."""
    first = next(iter(sets.values()))["methods"]
    kinds = [_kind(one) for one in first if "skipped" not in one]
    yield table(["method", *sets], ([_bold(kind), *(_figures(kind, one["methods"]) for one in sets.values())] for kind in kinds))
    yield from _left_out(first)


def _figures(kind: str, methods: Sequence[Result]) -> str:
    one = next(one for one in methods if _kind(one) == kind)
    return f"{share(one['pairs']['all']['f1'])}, {signed(one['persons']['relative_error'])}"


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
