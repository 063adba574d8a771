"""What our runs said of themselves beside the truth, over all sets: one table of the count, one of pairs and blocking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.markdown import Result, share, signed, table

_EXPLAINED = (
    "What the linkage unit can know without the truth, and the truth beside it. *Interval*: within which it says the number of "
    "persons lies. *Blocking keeps*: the share of the true pairs that became candidates; what it loses, no threshold brings back. "
    "(Later code drops pairs with odds below one in 65,536 once they are compared, and a new run counts them as lost: fake_1000 "
    ".764 for .782, all others by less than .001; persons and intervals are the same.)"
)


def certainty_tables(results: Mapping[str, Result]) -> Iterator[str]:
    """The tables under their title; nothing where no run said anything of itself."""
    rows = list(_runs(results))
    if not rows:
        return
    yield "### What a run says of itself"
    yield _EXPLAINED
    told = [(name, one) for name, one in rows if "skipped" not in one["certainty"]]
    if told:
        header = ["set", "persons, true", "counted", "error", "estimated", "error", "interval", "covers"]
        yield table(header, (_count_row(name, one) for name, one in told))
    reasons = {one["certainty"]["skipped"] for _, one in rows if "skipped" in one["certainty"]}
    yield from (f"No interval: {reason}." for reason in sorted(reasons))
    header = ["set", "P estimated", "P true", "R estimated", "R true", "blocking keeps, estimated", "true", "candidate pairs"]
    yield table(header, (_share_row(name, one) for name, one in rows))


def _runs(results: Mapping[str, Result]) -> Iterator[tuple[str, Result]]:
    """Set and our line, where that says something of itself."""
    for name, result in results.items():
        several = result.get("sets", {name: result})
        for each, one in several.items():
            ours = next(iter(one.get("methods", ())), {})
            if "certainty" in ours:
                yield (name if each in (name, "small") else each), ours


def _count_row(name: str, one: Result) -> list[str]:
    certainty, persons = one["certainty"], one["persons"]
    true = persons["true"]
    interval = f"{certainty['low']:,} – {certainty['high']:,}"
    estimated = [f"{certainty['estimated']:,}", signed(certainty["estimated"] / true - 1)]
    counted = [f"{persons['estimated']:,}", signed(persons["relative_error"])]
    return [name, f"{true:,}", *counted, *estimated, interval, "yes" if certainty["covers"] else "NO"]


def _share_row(name: str, one: Result) -> list[str]:
    certainty, pairs = one["certainty"], one["pairs"]["all"]
    shares = [certainty.get("precision"), pairs["precision"], certainty.get("recall"), pairs["recall"]]
    kept = [certainty.get("blocking_kept"), one["blocking"]["kept"]]
    return [name, *map(share, (*shares, *kept)), f"{one['blocking']['candidates']:,}"]
