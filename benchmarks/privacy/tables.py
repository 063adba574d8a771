"""The privacy results as Markdown: the default beside its controls, and the frontier of all schemes."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.markdown import Result, not_measured, share, signed, table
from benchmarks.privacy.default import BARS, control_of, highest
from benchmarks.privacy.held import CLK


def privacy_tables(whole: Result) -> str:
    """All that was measured."""
    parts = {"default": default_tables, "frontier": frontier_table, "several": several_table, "long_lists": long_lists_table}
    texts = (not_measured(one) if "skipped" in one else parts[name](one) for name, one in whole["results"].items())
    return "\n\n".join(texts)


def default_tables(result: Result) -> str:
    """What each attack names: of the control, which must fall, and of the default, which must hold."""
    default = result["default"]
    schemes = result["schemes"]
    rows = [
        [family, control, _percent(highest(schemes[control], family)), _percent(highest(schemes[default], family)), _percent(most)]
        for family, (most, _) in BARS.items()
        if (control := control_of(family))
    ]
    head = ["attack, worst of lists, sizes and seeds", "control", "named", f"`{default}` named", "at most"]
    broken = result["does not hold"]
    correlation = max(abs(one["bits"]) for one in result["between epochs"].values())
    tokens = max(one["tokens"] for one in result["between epochs"].values())
    return "\n\n".join(
        [
            f"### The default, `{default}`, and the controls",
            table(head, rows),
            f"Between two epochs the bits of the same people correlate with at most {correlation:.5f}, and {_percent(tokens)} of "
            f"their tokens are equal; two agencies share {result['pseudonyms shared by two agencies']} record pseudonyms.",
            "Does not hold: " + "; ".join(broken) + "." if broken else "Every control falls and every bar holds.",
            "Every attack and list, highest of the seeds:",
            table(["list, attack", *(f"`{name}`" for name in result["schemes"])], _each(result)),
        ]
    )


def _each(result: Result) -> Iterator[list[str]]:
    schemes = result["schemes"]
    first = next(iter(schemes.values()))
    for name, attacks in first.items():
        for attack in attacks:
            yield [f"{name.replace('_', ' ')}: {attack}", *(_percent(max(one[name][attack])) for one in schemes.values())]


def frontier_table(result: Result) -> str:
    """Every scheme: quality on each set, and what the worst attack names."""
    schemes = result["schemes"]
    sets = next(one["quality"] for name, one in schemes.items() if name != CLK)
    quality = (*(f"F1 {name}" for name in sets), *(f"persons {name}" for name in sets))
    head = ["scheme", *quality, "named without known pairs", "by known pairs"]
    rows = []
    for name, one in schemes.items():
        scores = [one["quality"].get(key) for key in sets]
        rows.append(
            [
                f"`{name}`",
                *(share(part["pairs"]["f1"]) if part else "–" for part in scores),
                *(signed(part["persons"]["relative_error"]) if part else "–" for part in scores),
                _percent(one["worst"]["without known pairs"]),
                _percent(one["worst"]["known pairs"]),
            ]
        )
    return "### The frontier: quality against re-identification\n\n" + table(head, rows)


def several_table(result: Result) -> str:
    """What equality gives away over several lists."""
    head = ["all lists together: structure", *(f"`{name}`" for name in result["schemes"])]
    rows = [[case, *(_percent(one[name]) for name in result["schemes"])] for case, one in result["cases"].items()]
    text = "The attacker has the plaintext of every list, and knows which list is whose; share of records named."
    return f"### Several lists at once\n\n{text}\n\n{table(head, rows)}"


def long_lists_table(result: Result) -> str:
    """The attacks on short lists under the protocol for long ones, and what equality gives away as lists grow."""
    attacks = result["attacks"]
    rows = [[family, _percent(highest(attacks, family)), _percent(most)] for family, (most, _) in BARS.items()]
    broken = result["does not hold"]
    names = next(iter(result["lengths"].values()))
    families = next(iter(names.values()))
    grown = [
        [f"{int(n):,}", *(_percent(one[name][family]) for family in families for name in names)]
        for n, one in result["lengths"].items()
    ]
    return "\n\n".join(
        [
            f"### The protocol for long lists, `{result['protocol']}`",
            table(["attack, worst of sizes, one seed", "named", "at most"], rows),
            "Does not hold: " + "; ".join(broken) + "." if broken else "Every bar of the default holds.",
            "What equality alone names as one list grows, its whole plaintext in the attacker's hands:",
            table(["people in the list", *(f"{family}, `{name}`" for family in families for name in names)], grown),
        ]
    )


def _percent(value: float) -> str:
    return f"{value:.1%}"
