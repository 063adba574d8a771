"""How much memory the running peer has needed; imported by the scripts beside it, and so without anything of ours."""

import pathlib
import sys


def peak_memory_mb():
    """Largest resident memory of this process so far, in megabytes; None where the system does not say.

    Linux's resource usage begins with the memory of the parent, so that its own file is read instead.
    """
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text("utf-8").splitlines() if line.startswith("VmHWM"))
        return round(int(line.split()[1]) * 1024 / 1e6, 1)
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415  # Windows has none

    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 1)
