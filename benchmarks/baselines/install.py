"""`python -m benchmarks.baselines.install DIR`: a virtual environment for each peer, with the versions that were measured."""

from __future__ import annotations

import argparse
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

from benchmarks.baselines.run import python_of

# anonlink imports pkg_resources, which setuptools 81 dropped; recordlinkage reads attributes that pandas 3 dropped; on
# DuckDB 2 Splink's one-to-one clustering of 10,000 records takes 13 GB. dedupe is not here: it cannot run without labels.
REQUIREMENTS: Mapping[str, tuple[str, ...]] = {
    "anonlink": ("setuptools<81", "clkhash==0.18.3", "anonlink==0.15.3"),
    "faiss": ("faiss-cpu==1.15.1",),
    "recordlinkage": ("recordlinkage==0.16", "pandas<3"),
    "splink": ("splink==5.0.0", "duckdb==1.5.6"),
    "goldenmatch": ("goldenmatch==3.22.0",),
}


def install(folder: Path) -> None:
    """Make the environments that are not there yet."""
    for peer, requirements in REQUIREMENTS.items():
        if python_of(folder, peer):
            print(f"{peer}: there already", file=sys.stderr)
            continue
        venv.create(folder / peer, with_pip=True)
        subprocess.run([str(python_of(folder, peer)), "-m", "pip", "install", "--quiet", *requirements], check=True)
        print(f"{peer}: {', '.join(requirements)}", file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser("python -m benchmarks.baselines.install", description="make the peers' environments")
    parser.add_argument("folder", type=Path, metavar="DIR")
    install(parser.parse_args().folder)
