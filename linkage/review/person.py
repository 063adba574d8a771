"""A person as the centre knows one: records, the links among them, and what would part them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from linkage.review.explain import Evidence, links_among, members_of
from linkage.review.sides import Between, between
from linkage.review.spanning import Bridge, Joined, Link, bridges, spanning_tree, walk, weakest
from linkage.review.waterfall import ASCII, Ink
from linkage.review.wording import (
    bits,
    count_of,
    link_sentence,
    mean_sentence,
    names,
    plain_bridge,
    plain_link,
    signed,
    spoken,
)
from linkage.unit.entries import RecordName


class Split(NamedTuple):
    """A link whose removal splits the person.

    Attributes:
        bridge: the link and the members on its either side.
        between: all that is known between the two sides.
    """

    bridge: Bridge
    between: Between


class Person(NamedTuple):
    """A person, as far as the centre knows one.

    Attributes:
        person_id: the ID.
        members: (agency, record), sorted.
        links: the candidate pairs among them, sorted; members without one were joined by others.
        tree: the strongest links that join them, strongest first.
        splits: the bridges, weakest first.
    """

    person_id: str
    members: tuple[RecordName, ...]
    links: tuple[Link, ...]
    tree: tuple[Link, ...]
    splits: tuple[Split, ...]

    @property
    def parts(self) -> int:
        """In how many groups the links leave the members: 1 where they join everybody."""
        return len(self.members) - len(self.tree)

    @property
    def walk(self) -> tuple[Joined, ...]:
        """The members along the tree."""
        return walk(self.members, self.tree)


def person(evidence: Evidence, person_id: str) -> Person:
    """The records of a person, the links among them, and what holds them together."""
    members = members_of(evidence.persons, person_id)
    links = links_among(evidence.pairs, members)
    tree = spanning_tree(links)
    found = bridges(tree, links, evidence.threshold)
    splits = tuple(Split(one, between(one.left, one.right, links, evidence.threshold)) for one in found)
    return Person(person_id, members, links, tree, splits)


def person_lines(found: Person, ink: Ink = ASCII) -> list[str]:
    """A person for a terminal.

    Args:
        found: the person.
        ink: what to draw the tree with.
    """
    return [
        f"person  {found.person_id}",
        *(f"record  {spoken(member)}" for member in found.members),
        *(f"link    {link_sentence(link)}" for link in found.links),
        *(f"held    {row}" for row in _rows(found, ink) if found.tree),
        *(f"{label:<7} {sentence}" for label, sentence in sentences(found)),
    ]


def _rows(found: Person, ink: Ink) -> Iterator[str]:
    """The tree, one member a row, with the bits of the link that joins it to the member before it."""
    weak = {split.bridge.link for split in found.splits}
    for member, depth, link in found.walk:
        if link is None:
            yield spoken(member)
        else:
            mark = "  (bridge)" if link in weak else ""
            yield f"{' ' * 3 * (depth - 1)}{ink.branch} {signed(link.weight)}  {spoken(member)}{mark}"


def sentences(found: Person) -> list[tuple[str, str]]:
    """What is to be said of the tree, each as a label and a sentence."""
    if len(found.members) == 1:
        return []
    told = [("bridge", sentence) for split in found.splits for sentence in _split(split)]
    held = weakest(found.tree)
    if held and not found.splits:
        told.append(("bridge", "none: no single link's removal splits the person"))
    if held and len(found.tree) > 1:
        told.insert(0, ("weakest", link_sentence(held)))
    if found.parts > 1:
        told.append(("parts", f"the links that are kept leave {count_of(found.parts, 'group')}: others joined them"))
    return told


def _split(split: Split) -> list[str]:
    link, left, right = split.bridge
    fewer, others = (left, right) if len(left) < len(right) else (right, left)
    told = [f"{link_sentence(link)}: without it {names(fewer)} would be apart from {count_of(len(others), 'other record')}"]
    return [*told, mean_sentence(split.between)] if split.between.pairs > 1 else told


def plain_person(found: Person) -> dict[str, Any]:
    """A person as JSON-ready data."""
    held = weakest(found.tree)
    return {
        "person_id": found.person_id,
        "records": [{"agency": agency, "record": record} for agency, record in found.members],
        "links": [plain_link(link) for link in found.links],
        "tree": [plain_link(link) for link in found.tree],
        "walk": [_plain_joined(joined) for joined in found.walk],
        "weakest": plain_link(held) if held else None,
        "bridges": [plain_bridge(*split) for split in found.splits],
        "parts": found.parts,
    }


def _plain_joined(joined: Joined) -> dict[str, Any]:
    return {"record": spoken(joined.member), "depth": joined.depth, "bits": bits(joined.link.weight) if joined.link else None}
