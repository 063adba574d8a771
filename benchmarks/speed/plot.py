"""`python -m benchmarks.speed.plot -o docs/growth.svg`: seconds and memory of `link` by records, from the committed result.

Splink stands beside it at the sizes at which both were run in one run, told apart by marker and not by colour alone.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.markdown import Result
from benchmarks.tables import RESULTS, large, read
from linkage.files import write_atomically

_OURS, _SPLINK = "#b2182b", "#2166ac"
_TIME = "cpu_s"
_PANELS = ((_TIME, "CPU seconds, all cores together"), ("peak_memory_mb", "memory at most, MB"))
_BESIDE = ("whole", "whole1m")


def main(arguments: Sequence[str]) -> int:
    """Draw and write; the exit code."""
    parser = argparse.ArgumentParser("python -m benchmarks.speed.plot", description="draw the committed growth")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.svg")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="folder of the results")
    options = parser.parse_args(arguments)
    results = committed(options.results)
    if "points" not in results.get("growth", {}):
        parser.error(f"no result of growth in {options.results}: python -m benchmarks.speed growth --json …")
    write_atomically(options.output, drawn(results))
    return 0


def committed(folder: Path) -> Result:
    """Every result of the speed suite by name, large runs included."""
    return {name: one for whole in (read("speed", folder), *large(folder)) for name, one in whole["results"].items()}


def drawn(results: Mapping[str, Any]) -> bytes:
    """The plot as SVG; the same results, the same bytes."""
    import matplotlib as mpl  # noqa: PLC0415  # only who draws needs it

    mpl.use("svg")
    from matplotlib import pyplot  # noqa: PLC0415

    mpl.rcParams.update({"svg.hashsalt": "headcount", "svg.fonttype": "none", "font.size": 10})
    figure, axes = pyplot.subplots(1, len(_PANELS), figsize=(4.4 * len(_PANELS), 3.6), layout="constrained")
    for axis, (name, title) in zip(axes, _PANELS, strict=True):
        _panel(axis, name, title, results)
    figure.supxlabel("records", fontsize=10)
    out = io.BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Title": "Seconds and memory of a linkage by number of records"})
    pyplot.close(figure)
    return out.getvalue()


def _panel(axis: Any, name: str, title: str, results: Mapping[str, Any]) -> None:
    """Both axes logarithmic: on a line of slope one every record costs the same."""
    from matplotlib.ticker import LogLocator  # noqa: PLC0415

    growth = results["growth"]
    points = [(one["records"], one[name]) for one in growth["points"] if one[name]]
    axis.set(xscale="log", yscale="log")
    axis.set_title(title, fontsize=10)
    axis.grid(visible=True, alpha=0.25)
    axis.plot(*_columns(points), "o-", color=_OURS, label="headcount link, encodings")
    if name == _TIME:
        axis.plot(*_columns(_in_proportion(points)), "--", color="0.5", linewidth=1, label="in proportion to records")
        axis.annotate(_exponent(growth), (0.97, 0.05), xycoords="axes fraction", ha="right", fontsize=8, color=_OURS)
    beside = [(results[one]["records"], results[one]["splink"][name]) for one in _BESIDE if _has_splink(results, one, name)]
    if beside:
        axis.plot(*_columns(beside), "s", color=_SPLINK, label="Splink 5, cleartext")
    axis.legend(fontsize=8, frameon=False)
    axis.xaxis.set_major_formatter(_short)
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter("{x:,g}")
    axis.yaxis.set_minor_formatter("")


def _exponent(growth: Result) -> str:
    """Of the large sizes, where starting the program hardly counts."""
    large = growth["exponents"]["large"]
    return f"from {_short(large['from'])}: records^{large[_TIME]:.2f}"


def _in_proportion(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """A line through the last point on which every record costs the same, over the last tenth of the way."""
    last, value = points[-1]
    first = max(points[0][0], last // 10)
    return [(first, value * first / last), (last, value)]


def _has_splink(results: Mapping[str, Any], name: str, figure: str) -> bool:
    return bool(results.get(name, {}).get("splink", {}).get(figure))


def _columns(points: Sequence[tuple[int, float]]) -> tuple[np.ndarray, np.ndarray]:
    sizes, values = np.array(points, float).reshape(-1, 2).T
    return sizes, values


def _short(number: float, _place: int | None = None) -> str:
    return f"{number / 1e6:g}M" if number >= 1e6 else f"{number / 1e3:g}k" if number >= 1e3 else f"{number:g}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
