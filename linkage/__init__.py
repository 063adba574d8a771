"""Counts each person once across agencies' lists, without anyone seeing who they are.

From Python: ``linkage.link({"police": frame, "ngo": frame}, protocol)`` runs both sides in memory under a throw-away
key; everything else is the `headcount` command. Importing this package is cheap: the engine loads on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from linkage.version import __version__

if TYPE_CHECKING:
    from linkage.memory import Linked, link
    from linkage.protocol import Protocol, read_protocol, ready_protocol

__all__ = ["Linked", "Protocol", "__version__", "link", "read_protocol", "ready_protocol"]

_HOME = dict.fromkeys(("Protocol", "read_protocol", "ready_protocol"), "linkage.protocol")
_HOME |= dict.fromkeys(("Linked", "link"), "linkage.memory")


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'linkage' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
