"""Nested plain data as lines: section, what it speaks of, measure, value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from numbers import Integral
from typing import Any, NamedTuple


class Line(NamedTuple):
    """One value of a report.

    Attributes:
        section: name of the section.
        subject: (key, text) pairs that say what the value is of, outermost first.
        measure: what the value is.
        value: a whole number or a text.
    """

    section: str
    subject: tuple[tuple[str, str], ...]
    measure: str
    value: int | str


def flat(report: Mapping[str, Any]) -> Iterator[Line]:
    """The values of a report, in its order.

    In a mapping numbers are measures and mappings are subjects of their own. In a list each item is a mapping of which the
    texts say what its numbers are of; where it has none, its last text is its value.
    """
    for section, content in report.items():
        yield from _lines(section, (), section, content)


def _lines(section: str, subject: tuple[tuple[str, str], ...], measure: str, content: Any) -> Iterator[Line]:
    if isinstance(content, Mapping):
        yield from _of_mapping(section, subject, content)
    elif isinstance(content, list | tuple):
        for item in content:
            yield from _of_item(section, subject, measure, item)
    elif content is not None:
        number = isinstance(content, Integral) and not isinstance(content, bool)
        yield Line(section, subject, measure, int(content) if number else str(content))


def _of_mapping(section: str, subject: tuple[tuple[str, str], ...], content: Mapping[str, Any]) -> Iterator[Line]:
    for name, value in content.items():
        inner = (*subject, ("", name)) if isinstance(value, Mapping) else subject
        yield from _lines(section, inner, name, value)


def _of_item(section: str, subject: tuple[tuple[str, str], ...], measure: str, item: Any) -> Iterator[Line]:
    if not isinstance(item, Mapping):
        yield from _lines(section, subject, measure, item)
        return
    said = tuple((name, value) for name, value in item.items() if isinstance(value, str) and value)
    numbers = {name: value for name, value in item.items() if not isinstance(value, str)}
    if said and not numbers:
        said, numbers = said[:-1], dict(said[-1:])
    yield from _of_mapping(section, (*subject, *said), numbers)
