"""Figures as Markdown: a table, a share, a few seconds, and what was left out and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Result = Mapping[str, Any]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column is text and the others figures."""
    lines = [header, ["---", *["--:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def share(value: float | None) -> str:
    """0 to 1 to four digits; a dash for no value."""
    return "–" if value is None else f"{value:.4f}"


def signed(value: float | None) -> str:
    """A relative error in percent."""
    return "–" if value is None else f"{value:+.1%}" if value else "0"


def whole_seconds(value: float | None) -> str:
    """Seconds to a tenth; nothing for no value."""
    return "" if value is None else f"{value:.1f}"


def not_measured(result: Result) -> str:
    """Why there are no figures."""
    return f"Not measured: {result['skipped']}."
