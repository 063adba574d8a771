"""The results of the speed suite as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.markdown import Result, not_measured, share, signed, table, whole_seconds

_TITLES = {
    "kernels": "Kernels",
    "encode": "Encoding an extract, one core",
    "seal": "`headcount seal`, from a CSV file to sealed files",
    "link100k": "Linking one large list, both sides in memory",
    "demo": "`headcount demo` from the command line",
    "whole": "Whole linkage of 100,000 records, beside Splink",
    "whole1m": "Whole linkage of a million records, beside Splink",
    "growth": "How the linkage grows",
}


def speed_tables(whole: Result) -> str:
    """The suite's results, each under its title."""
    small = {"kernels": _kernels, "encode": _encode, "seal": _seal, "link100k": _link, "demo": _demo}
    show = {**small, "whole": _whole, "whole1m": _whole, "growth": _growth}
    parts: list[str] = []
    for name, result in whole["results"].items():
        parts += [f"### {_TITLES[name]}", *([not_measured(result)] if "skipped" in result else show[name](result))]
    return "\n\n".join(parts)


def _kernels(result: Result) -> Iterator[str]:
    yield (
        f"Millions of pairs a second, {result['records']:,} records, filters of 1,024 bits of which {result['fill']:.0%} are set. "
        "A twin is plain numpy or Python on the same rows (on fewer for the join) and must give the same answer; it and the "
        "first column use one thread."
    )
    header = [
        "kernel",
        "pairs",
        "one thread, per CPU s",
        "anonlink on the same filters",
        "all threads, per wall s",
        "times faster than its twin",
    ]
    rows = [_join_row(one) for one in result["dice_join"]]
    for name, one in (("`dice_permille`", result["dice_permille"]), ("`token_join`", result["token_join"])):
        rows.append([name, f"{one['pairs']:,}", _millions(one["pairs_per_cpu_s"]), "", "", f"{one['times_slower']:.3g}"])
    yield table(header, rows)
    if "skipped" in result["dice_join"][0]["anonlink"]:
        yield f"anonlink was not run: {result['dice_join'][0]['anonlink']['skipped']}."
    if "beside_peers" in result:
        yield from _beside(result)


def _beside(result: Result) -> Iterator[str]:
    yield (
        "The join of two lists beside its peers, turn by turn in one process on one thread, preparation included, best and median "
        "of the turns; the sets of pairs are equal, pairs planted on the threshold and a bit below it among them. *Two threads* is "
        "the wall time of one thread over that of two."
    )
    header = ["two lists of", "Dice", "bits set", "pairs", "millions a CPU s", "× anonlink", "× FAISS", "two threads"]
    rows = [_beside_row("", one) for one in result["beside_peers"]]
    yield table(header, rows + [_beside_row(f", {name}", one) for name, one in result["of_less"].items()])


def _beside_row(name: str, one: Result) -> list[str]:
    tools = one["tools"]
    return [
        f"{one['records'][0]:,}{name}",
        f"{one['threshold_permille'] / 1000}",
        f"{one['fill']:.0%}",
        f"{one['pairs_found']:,}",
        _millions(tools["ours"]["pairs_per_cpu_s"]),
        *(_times(tools[peer]) if peer in tools else "–" for peer in ("anonlink", "faiss")),
        f"{one['threads']['ratio']:.2f}" if "ratio" in one["threads"] else "–",
    ]


def _times(peer: Result) -> str:
    return f"{peer['times_slower']:.1f} / {peer['median_times_slower']:.1f}"


def _join_row(one: Result) -> list[str]:
    peer, every = one["anonlink"], one["all_threads"]
    return [
        f"`dice_join` at {one['threshold_permille'] / 1000}",
        f"{one['pairs_compared']:,}",
        _millions(one["one_thread"]["pairs_per_cpu_s"]),
        "–" if "skipped" in peer else _millions(peer["pairs_per_cpu_s"]),
        f"{_millions(every['pairs_per_wall_s'])} on {every['threads']}",
        f"{one['numpy_twin']['times_slower']:.3g}",
    ]


def _millions(per_second: float) -> str:
    return f"{per_second / 1e6:.3g}"


def _encode(result: Result) -> Iterator[str]:
    peer, twin = result["clkhash"], result["twin"]
    yield f"{result['records']:,} invented rows under the protocol `persons`:"
    rows = [_stage_row(name, one["cpu_s"], one["rows_per_cpu_s"]) for name, one in result["stages"].items()]
    rows.append(_stage_row("**all of `prepare`**", result["cpu_s"], result["rows_per_cpu_s"]))
    yield table(["stage", "CPU s", "rows per CPU s"], rows)
    yield (
        f"A twin that hashes every gram and token of every row anew encodes {twin['rows_per_cpu_s']:,.0f} rows a second: "
        f"filters and tokens here are {twin['encoding_times_slower']:.3g} times as fast."
    )
    yield _one_filter(result["one_filter"], peer)
    yield "The default beside plain field filters; *encoding* is tokens, filters and locks, without reading and normalising:"
    header = ["protocol, scheme", "encoding, rows per CPU s", "all of `prepare`, rows per CPU s"]
    yield table(header, [row for name, one in result["schemes"].items() for row in _scheme_rows(name, one)])


def _one_filter(ours: Result, peer: Result) -> str:
    told = (
        "One filter of 1,024 bits over five fields, 15 positions for a bigram and 30 for a digit, from texts in memory: "
        f"{ours['rows_per_cpu_s']:,.0f} rows per CPU s"
    )
    if "skipped" in peer:
        return f"{told}. clkhash was not run: {peer['skipped']}."
    ratio = ours["rows_per_cpu_s"] / peer["rows_per_cpu_s"]
    return f"{told}, {ratio:.3g} times as many as clkhash in the same run ({peer['rows_per_cpu_s']:,.0f})."


def _scheme_rows(protocol: str, one: Result) -> Iterator[list[str]]:
    for scheme, spent in one.items():
        if isinstance(spent, dict):
            yield [f"`{protocol}`, `{scheme}`", f"{spent['encoding_rows_per_cpu_s']:,.0f}", f"{spent['rows_per_cpu_s']:,.0f}"]
    yield [f"`{protocol}`: default as a share of plain", f"{one['encoding_ratio']:.2f}", f"{one['ratio']:.2f}"]


def _stage_row(name: str, spent: float, speed: float) -> list[str]:
    return [name, f"{spent:.2f}", f"{speed:,.0f}"]


def _seal(result: Result) -> Iterator[str]:
    yield f"{result['records']:,} rows; seconds are of all threads, without the program's start, in the middle one of the runs."
    header = [
        "protocol, scheme",
        "wall s",
        "CPU s",
        "of each run",
        "of these the system's",
        "rows per CPU s",
        "MB at most",
        "bytes a row in the linking section",
    ]
    rows = [
        [
            f"`{scheme}`",
            whole_seconds(one["wall_s"]),
            whole_seconds(one["cpu_s"]),
            ", ".join(map(whole_seconds, one["each_cpu_s"])),
            whole_seconds(one["of_system_s"]),
            f"{one['rows_per_cpu_s']:,.0f}",
            "unknown" if one["peak_memory_mb"] is None else f"{one['peak_memory_mb']:,.0f}",
            f"{one['sealed_bytes']['linking.age'] / result['records']:,.0f}",
        ]
        for scheme, one in result["schemes"].items()
    ]
    yield table(header, rows)
    yield table(["stage, share of CPU seconds", *(f"`{scheme}`" for scheme in result["schemes"])], _seal_stages(result["schemes"]))


def _seal_stages(schemes: Result) -> Iterator[list[str]]:
    for stage in next(iter(schemes.values()))["stages"]:
        yield [f"`{stage}`", *(f"{one['stages'][stage]['cpu_s'] / max(one['cpu_s'], 1e-9):.0%}" for one in schemes.values())]


def _link(result: Result) -> Iterator[str]:
    whole, memory = result["process"], result["peak_memory_mb"]
    yield (
        f"{result['records']:,} invented records, a fifth of them spoilt copies: {result['wall_s']:.1f} s wall, "
        f"{result['cpu_s']:.1f} s CPU, {'unknown' if memory is None else f'{memory:,.0f}'} MB at most. The whole process, "
        f"invention and evaluation included, took {whole['wall_s']:.1f} s wall and {whole['cpu_s']:.1f} s CPU. "
        f"{result['pairs_compared']:,} pairs compared; pair F1 {share(result['pair_f1'])}, "
        f"persons {signed(result['persons']['relative_error'])}."
    )
    yield table(["stage", "wall s", "CPU s"], (_cost_row(f"`{name}`", one) for name, one in result["stages"].items()))


def _cost_row(title: str, one: Result) -> list[str]:
    return [title, whole_seconds(one["wall_s"]), whole_seconds(one["cpu_s"])]


def _demo(result: Result) -> Iterator[str]:
    titles = {"cold": "first run, kernels compiled on the way", "warm": "second run"}
    yield table(
        ["seven lists, all roles", "wall s", "CPU s"], (_cost_row(titles[name], result[name]) for name in titles if name in result)
    )


def _whole(result: Result) -> Iterator[str]:
    yield (
        f"{result['records']:,} synthetic persons in one list, a fifth of them corrupted copies, under `{result['protocol']}`, "
        "through `seal`, `receive`, `link` and `export persons`, each a process of its own and its start counted; Splink reads the "
        f"same rows in cleartext, imports not counted. `link` {_within(result['memory_gb'])}."
    )
    splink = result["splink"]
    header = ["", "wall s", "CPU s", "MB at most", "pair F1", "persons"]
    yield table(header, _whole_rows(result, splink))
    yield f"{splink['method']} was not run: {splink['skipped']}." if "skipped" in splink else _ratio_words(result["ratios"])
    yield from _first_link(result)
    yield _certainty_words(result)
    yield table(["stage of `link`", "parts", "wall s", "CPU s", "MB until its end"], map(_link_stage, result["link"]["stages"]))


def _within(memory_gb: float | None) -> str:
    return "may take half of the machine's memory" if memory_gb is None else f"was told to stay within {memory_gb} GB (`--memory`)"


def _whole_rows(result: Result, splink: Result) -> Iterator[list[str]]:
    for step in ("seal", "receive", "link", "export"):
        one = result[step]
        found = _found(result["quality"]) if step == "link" else ["", ""]
        memory = _megabytes(one["peak_memory_mb"]) if step == "link" else ""
        yield [f"`{step}`", whole_seconds(one["wall_s"]), whole_seconds(one["cpu_s"]), memory, *found]
    if "skipped" not in splink:
        costs = [*map(whole_seconds, (splink["wall_s"], splink["cpu_s"])), _megabytes(splink["peak_memory_mb"])]
        yield [f"Splink {splink['version']}, p ≥ 0.5", *costs, *_found(splink)]


def _found(one: Result) -> list[str]:
    return [share(one["pairs"]["all"]["f1"]), signed(one["persons"]["relative_error"])]


def _megabytes(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.0f}"


def _ratio_words(ratios: Result) -> str:
    memory = "unknown" if ratios["peak_memory_mb"] is None else f"{ratios['peak_memory_mb']:.2f}"
    return (
        f"Ours over Splink's, from the received bundle to the exported person map (`link` and `export`): CPU seconds "
        f"{ratios['cpu_s']:.2f}, wall seconds {ratios['wall_s']:.2f}; memory of `link` {memory}."
    )


def _first_link(result: Result) -> Iterator[str]:
    if "first_link" in result:
        first, equal = result["first_link"], result["equal"]
        yield (
            f"The `link` above is the second, in a new workspace; the first, which compiles what is not compiled yet, took "
            f"{first['wall_s']:.1f} s wall and {first['cpu_s']:.1f} s CPU. {'Both answer the same.' if equal else 'THEY DIFFER.'}"
        )


def _certainty_words(result: Result) -> str:
    told, persons = result["certainty"], result["quality"]["persons"]
    return (
        f"{result['pairs_compared']:,} pairs compared; the bundle has {result['seal']['bytes'] / 1e6:,.0f} MB. Persons: "
        f"{persons['true']:,} true, {persons['estimated']:,} counted; the run itself estimates {told['estimated']:,} "
        f"({signed(told['relative_error'])}), between {told['low']:,} and {told['high']:,}, which "
        f"{'covers' if told['covers'] else 'does NOT cover'} the truth."
    )


def _link_stage(one: Result) -> list[str]:
    return [f"`{one['name']}`", f"{one['parts']}", f"{one['wall_s']:.1f}", f"{one['cpu_s']:.1f}", f"{one['peak_memory_mb']:,.0f}"]


def _growth(result: Result) -> Iterator[str]:
    points, large, ratio = result["points"], result["exponents"]["large"], result["per_row"]
    yield (
        f"`link --memory {result['memory_gb']}` on lists of the synthetic persons under `{result['protocol']}`, through the same "
        "commands; start of Python and loading of kernels are counted, so that small lists look slower. Of several runs that in "
        "the middle counts."
    )
    header = ["records", "runs", "pairs compared", "wall s", "CPU s", "CPU µs a record", "MB at most", "pair F1", "persons"]
    yield table(header, map(_growth_row, points))
    names = ("cpu_s", "wall_s", "peak_memory_mb", "pairs_compared")
    rows = [[f"from {one['records']:,}", *(_power(of[name]) for name in names)] for one, of in _fits(points, result["exponents"])]
    yield "Exponent *e* of records^*e*, fitted by least squares of logarithms:"
    yield table(["sizes", "CPU s", "wall s", "memory", "pairs"], rows)
    yield (
        f"A record at {ratio['to']:,} takes {_times_as_much(ratio['cpu_s'])} the CPU seconds and {_times_as_much(ratio['wall_s'])} "
        f"the wall seconds of one at {large['from']:,}."
    )


def _fits(points: Sequence[Result], exponents: Result) -> Iterator[tuple[Result, Result]]:
    """First point of each fit, and its exponents."""
    yield points[0], exponents["all"]
    yield next(one for one in points if one["records"] == exponents["large"]["from"]), exponents["large"]


def _growth_row(one: Result) -> list[str]:
    each = f"{1e6 * one['cpu_s'] / one['records']:.0f}"
    costs = [*map(whole_seconds, (one["wall_s"], one["cpu_s"])), each, _megabytes(one["peak_memory_mb"])]
    found = [share(one["pair_f1"]), signed(one["persons"]["relative_error"])]
    return [f"{one['records']:,}", str(len(one["cpu_s_of_each"])), f"{one['pairs_compared']:,}", *costs, *found]


def _power(exponent: float | None) -> str:
    return "–" if exponent is None else f"{exponent:.2f}"


def _times_as_much(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.2f} times"
