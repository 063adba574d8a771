"""recordlinkage: binary comparisons and its unsupervised ECM classifier, as its documentation sets it up.

    python ecm.py ROWS.csv SPEC.json LINKS.csv

SPEC names the columns: `names` are compared by Jaro-Winkler at 0.85, `exact` by equality, `blocks` is a list of lists of
columns whose equality makes a candidate pair (the union over all), `dedupe` says whether lists may hold duplicates.
LINKS gets `left,right` row numbers. Prints seconds of CPU and wall time, imports not counted, and peak memory as JSON.
"""

import json
import pathlib
import sys
import time

import pandas
import recordlinkage
from peak import peak_memory_mb
from recordlinkage.index import Block


def candidates(rows, spec):
    indexer = recordlinkage.Index()
    for columns in spec["blocks"]:
        indexer.add(Block(columns))
    if spec["dedupe"]:
        return rows, rows, indexer.index(rows)
    one, other = (part for _, part in rows.groupby("agency", sort=False))
    return one, other, indexer.index(one, other)


def compared(spec, one, other, pairs):
    comparing = recordlinkage.Compare()
    for name in spec["names"]:
        comparing.string(name, name, method="jarowinkler", threshold=0.85, label=name)
    for name in spec["exact"]:
        comparing.exact(name, name, label=name)
    return comparing.compute(pairs, one, other)


def main():
    rows_file, spec_file, links_file = map(pathlib.Path, sys.argv[1:])
    spec = json.loads(spec_file.read_text("utf-8"))
    rows = pandas.read_csv(rows_file, dtype=str)
    wall, cpu = time.perf_counter(), time.process_time()
    one, other, pairs = candidates(rows, spec)
    links = recordlinkage.ECMClassifier().fit_predict(compared(spec, one, other, pairs))
    spent = {"wall_s": round(time.perf_counter() - wall, 3), "cpu_s": round(time.process_time() - cpu, 3)}
    table = pandas.DataFrame({"left": links.get_level_values(0), "right": links.get_level_values(1)})
    table.to_csv(links_file, index=False)
    print(json.dumps({**spent, "peak_memory_mb": peak_memory_mb(), "candidates": len(pairs), "version": recordlinkage.__version__}))


if __name__ == "__main__":
    main()
