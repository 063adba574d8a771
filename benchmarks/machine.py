"""What the figures were measured on: without it they mean nothing."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT
from linkage.protocol import READY, ready_protocol

_PACKAGES = ("headcount", "numpy", "numba", "pandas", "pyarrow", "cryptography", "pyrage")
_MEASURED = ("linkage", "blocking", "comparators")
_CPU = Path("/proc/cpuinfo")


def describe() -> dict[str, Any]:
    """Machine, versions, and the code and protocols that were measured."""
    return {
        "cpu": _cpu_field("model name") or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "vector_popcount": "avx512_vpopcntdq" in (_cpu_field("flags") or ""),
        "memory_gb": _memory_gb(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "code": _code(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "protocols": {name: ready_protocol(name).id for name in READY},
    }


def load() -> float | None:
    """Processes that ran or waited to run, averaged over the last minute; None where the system does not say."""
    return round(os.getloadavg()[0], 2) if sys.platform != "win32" else None


def _cpu_field(name: str) -> str | None:
    if not _CPU.exists():
        return None
    lines = _CPU.read_text("utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)


def _memory_gb() -> float | None:
    if not hasattr(os, "sysconf"):
        return None
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9, 1)


def _code() -> str:
    """The commit, with `+changes` where the packages differ from it; empty outside a repository."""
    commit = _git("rev-parse", "--short", "HEAD")
    return commit + ("+changes" if commit and _git("status", "--porcelain", "--", *_MEASURED) else "")


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
