"""goldenmatch with zero configuration: `dedupe(file)`, as its first example has it.

    python goldenmatch_zero.py ROWS.csv SPEC.json PERSONS.csv

SPEC names the `columns` that it gets. PERSONS gets `row,person` for the records of its clusters. Prints seconds of CPU and
wall time, imports not counted, and peak memory as JSON. It keeps a folder in the user's home, which is made elsewhere here.
"""

import contextlib
import csv
import json
import os
import pathlib
import sys
import time

rows_file, spec_file, persons_file = map(pathlib.Path, sys.argv[1:])
os.environ["HOME"] = str(rows_file.parent)
os.chdir(rows_file.parent)

import goldenmatch  # noqa: E402  # it looks for the home folder when imported
from peak import peak_memory_mb  # noqa: E402


def only(columns):
    """A file with these columns of the rows and nothing else."""
    chosen = rows_file.with_name("chosen.csv")
    with rows_file.open(encoding="utf-8", newline="") as stream, chosen.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(csv.DictReader(stream))
    return chosen


def main():
    spec = json.loads(spec_file.read_text("utf-8"))
    chosen = only(spec["columns"])
    wall, cpu = time.perf_counter(), time.process_time()
    with contextlib.redirect_stdout(sys.stderr):
        clusters = goldenmatch.dedupe(str(chosen)).clusters
    spent = {"wall_s": round(time.perf_counter() - wall, 3), "cpu_s": round(time.process_time() - cpu, 3)}
    with persons_file.open("w", encoding="utf-8", newline="") as stream:
        members = ((row, name) for name, cluster in clusters.items() for row in cluster["members"])
        csv.writer(stream).writerows([("row", "person"), *members])
    print(json.dumps({**spent, "peak_memory_mb": peak_memory_mb(), "version": goldenmatch.__version__}))


if __name__ == "__main__":
    main()
