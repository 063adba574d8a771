"""clkhash and anonlink: one CLK of 1,024 bits per record, exact Dice join, greedy solver.

    python clk.py ROWS.csv SPEC.json LINKS.csv

SPEC names the columns: `names` (bigrams, 15 bits each) and `dates` (digits with their place, 30 bits each), as in the
schema that clkhash ships with, and the `thresholds` to solve at; without thresholds the records are encoded and nothing
else. LINKS gets `threshold,left,right` row numbers of the pairs within each group. Prints seconds of CPU and wall time,
imports not counted, and peak memory as JSON.
"""

import bisect
import csv
import itertools
import json
import pathlib
import sys
import time

import anonlink
from clkhash.clk import generate_clks
from clkhash.schema import from_json_dict
from peak import peak_memory_mb

SECRET = "invented rows need no secret"


def schema(names, dates):
    bigrams, digits = {"type": "ngram", "n": 2}, {"type": "ngram", "n": 1, "positional": True}
    features = [feature(name, bigrams, 15) for name in names] + [feature(name, digits, 30) for name in dates]
    hashing = {"l": 1024, "kdf": {"type": "HKDF", "hash": "SHA256", "keySize": 64}}
    return from_json_dict({"version": 3, "clkConfig": hashing, "features": features})


def feature(name, comparison, bits):
    hashing = {"comparison": comparison, "strategy": {"bitsPerToken": bits}, "hash": {"type": "blakeHash"}}
    return {"identifier": name, "format": {"type": "string", "encoding": "utf-8"}, "hashing": hashing}


def read(rows_file, columns):
    """The lists and, for each, the row numbers of its records and their cells."""
    numbers, cells = {}, {}
    with rows_file.open(encoding="utf-8", newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream)):
            numbers.setdefault(row["agency"], []).append(number)
            cells.setdefault(row["agency"], []).append([row[column] for column in columns])
    return list(numbers.values()), list(cells.values())


def solve(candidates, threshold, numbers):
    """Pairs of row numbers within the groups that the greedy solver makes of the candidates at or above a threshold."""
    similarity, lists, records = candidates
    end = bisect.bisect_right(similarity, -threshold, key=lambda value: -value)
    kept = similarity[:end], tuple(one[:end] for one in lists), tuple(one[:end] for one in records)
    for group in anonlink.solving.greedy_solve(kept):
        rows = sorted(numbers[place][record] for place, record in group)
        yield from itertools.combinations(rows, 2)


def main():
    rows_file, spec_file, links_file = map(pathlib.Path, sys.argv[1:])
    spec = json.loads(spec_file.read_text("utf-8"))
    numbers, cells = read(rows_file, [*spec["names"], *spec["dates"]])
    form = schema(spec["names"], spec["dates"])
    wall, cpu = time.perf_counter(), time.process_time()
    clks = [generate_clks(one, form, SECRET, validate=False, max_workers=1) for one in cells]
    encoded = time.process_time() - cpu
    spent = {}
    with links_file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["threshold", "left", "right"])
        if spec["thresholds"]:
            dice = anonlink.similarities.dice_coefficient_accelerated
            found = anonlink.candidate_generation.find_candidate_pairs(clks, dice, min(spec["thresholds"]))
            spent["candidates"] = len(found[0])
        for threshold in spec["thresholds"]:
            writer.writerows((threshold, *pair) for pair in solve(found, threshold, numbers))
    spent |= {
        "peak_memory_mb": peak_memory_mb(),
        "wall_s": round(time.perf_counter() - wall, 3),
        "cpu_s": round(time.process_time() - cpu, 3),
    }
    ones = [clk.count() for one in clks for clk in one]
    print(json.dumps({**spent, "encode_cpu_s": round(encoded, 3), "fill": round(sum(ones) / len(ones) / 1024, 3)}))


if __name__ == "__main__":
    main()
