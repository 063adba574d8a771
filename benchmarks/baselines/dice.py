"""anonlink: every pair of filters of two lists with a Dice coefficient of at least a threshold.

    python dice.py FILTERS.npy THRESHOLD REPEATS

FILTERS holds (n, words) uint64; the first half is compared with the second. Prints the number of pairs found and the
CPU and wall seconds of the fastest repetition as JSON.
"""

import json
import sys
import time

import numpy
from anonlink.candidate_generation import find_candidate_pairs
from anonlink.similarities import dice_coefficient_accelerated
from bitarray import bitarray


def as_bits(filters):
    out = []
    for row in filters:
        bits = bitarray(endian="little")
        bits.frombytes(row.tobytes())
        out.append(bits)
    return out


def main():
    file, threshold, repeats = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    filters = numpy.load(file)
    half = len(filters) // 2
    lists = as_bits(filters[:half]), as_bits(filters[half:])
    runs = []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        found = find_candidate_pairs(lists, dice_coefficient_accelerated, threshold)
        runs.append((time.process_time() - cpu, time.perf_counter() - wall))
    cpu_s, wall_s = min(runs)
    answer = {"pairs_found": len(found[0]), "pairs_compared": half * (len(filters) - half)}
    print(json.dumps({**answer, "cpu_s": round(cpu_s, 6), "wall_s": round(wall_s, 6)}))


if __name__ == "__main__":
    main()
