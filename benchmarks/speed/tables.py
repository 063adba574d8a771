"""The results of the speed suite as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.markdown import Result, not_measured, share, signed, table, whole_seconds

_TITLES = {
    "kernels": "Kernels",
    "encode": "Encoding an extract, one core",
    "seal": "`headcount seal`, from a CSV file to sealed files",
    "link100k": "Linking one large list, both sides in memory",
    "demo": "`headcount demo` from the command line",
}


def speed_tables(whole: Result) -> str:
    """The suite's results, each under its title."""
    show = {"kernels": _kernels, "encode": _encode, "seal": _seal, "link100k": _link, "demo": _demo}
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
    yield f"{result['records']:,} rows under `persons`; seconds are of all threads together, without the program's start."
    header = [
        "scheme",
        "wall s",
        "CPU s",
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
