"""`python -m benchmarks.privacy.plot -o docs/frontier.svg`: quality against re-identification, from the committed result.

Good is the upper left: pairs are found and nobody is named. Each scheme is a point on each set, with its name beside it,
told apart by position and marker and not by colour alone.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.markdown import Result
from benchmarks.privacy.held import CLK
from benchmarks.tables import read
from linkage.files import write_atomically
from linkage.protocol import DEFAULT_SCHEME

_LEAST = 0.001  # nobody named stands here: a logarithm has no zero, and one in a thousand is chance
_BAR = 0.02
_RAISED = {"record/1": 5, "salted/1": -5}  # points; where two schemes come out nearly alike


def main(arguments: Sequence[str]) -> int:
    """Draw and write; the exit code."""
    parser = argparse.ArgumentParser("python -m benchmarks.privacy.plot", description="draw the committed frontier")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.svg")
    write_atomically(parser.parse_args(arguments).output, drawn(read("frontier")["results"]["frontier"]))
    return 0


def drawn(result: Result) -> bytes:
    """The plot as SVG; the same result, the same bytes."""
    import matplotlib as mpl  # noqa: PLC0415  # only who draws needs it

    mpl.use("svg")
    from matplotlib import pyplot  # noqa: PLC0415

    mpl.rcParams.update({"svg.hashsalt": "headcount", "svg.fonttype": "none", "font.size": 10})
    schemes = {name: one for name, one in result["schemes"].items() if name != CLK}
    sets = list(next(iter(schemes.values()))["quality"])
    figure, axes = pyplot.subplots(1, len(sets), figsize=(4.4 * len(sets), 4.0), sharex=True, layout="constrained")
    for axis, name in zip(axes, sets, strict=True):
        _panel(axis, name, schemes)
    axes[0].set_ylabel("pair F1, no labels, default threshold")
    figure.supxlabel("people named by the worst attack without the key, %  (dashed: 2 %)", fontsize=10)
    out = io.BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Title": "Linkage quality against re-identification"})
    pyplot.close(figure)
    return out.getvalue()


def _panel(axis: Any, name: str, schemes: Result) -> None:
    axis.set_xscale("log")
    axis.set_xlim(100 * _LEAST * 0.6, 180)
    axis.axvline(100 * _BAR, color="0.5", linestyle="--", linewidth=1)
    axis.set_title(name, fontsize=10)
    axis.grid(visible=True, alpha=0.25)
    for scheme, one in schemes.items():
        x, y = 100 * max(one["worst"]["without known pairs"], _LEAST), one["quality"][name]["pairs"]["f1"]
        ours = scheme == DEFAULT_SCHEME
        axis.plot(x, y, "o" if ours else "s", color="#b2182b" if ours else "#2166ac", markersize=9 if ours else 6)
        right = x > 30
        axis.annotate(
            scheme,
            (x, y),
            xytext=(-8 if right else 8, _RAISED.get(scheme, 0)),
            textcoords="offset points",
            va="center",
            ha="right" if right else "left",
            fontweight="bold" if ours else "normal",
        )
    axis.set_ylim(top=1.0)
    axis.xaxis.set_major_formatter("{x:g}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
