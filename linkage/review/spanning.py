"""What holds a person together: the strongest links that join all records, and those that nothing else could replace.

Of all ways to join the members, the maximum spanning tree uses the strongest links: between any two members, its path is
the one whose weakest link is strongest. A link of the tree is a *bridge* where no other link that speaks for a match joins
the two sides: without it the person falls in two. Weights are whole microbits and ties go to the records' order, so the
tree is the same everywhere.
Source: Kruskal 1956 (doi:10.1090/S0002-9939-1956-0078686-7); maximin paths, Hu 1961 (doi:10.1287/opre.9.6.898).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from linkage.unit.entries import RecordName


class Link(NamedTuple):
    """A candidate pair.

    Attributes:
        left, right: (agency, record).
        weight: microbits.
    """

    left: RecordName
    right: RecordName
    weight: int


class Bridge(NamedTuple):
    """A link without which the person falls in two.

    Attributes:
        link: the link.
        left, right: the members on either side, sorted; `link.left` is on the left.
    """

    link: Link
    left: tuple[RecordName, ...]
    right: tuple[RecordName, ...]


class Joined(NamedTuple):
    """A member on a walk through the tree.

    Attributes:
        member: (agency, record).
        depth: links between it and where the walk began.
        link: with which it is joined to the member before it; None where a walk begins.
    """

    member: RecordName
    depth: int
    link: Link | None


def spanning_tree(links: Iterable[Link]) -> tuple[Link, ...]:
    """The maximum spanning tree, strongest link first; a forest where the links do not join everybody."""
    group: dict[RecordName, RecordName] = {}
    taken = []
    for link in sorted(links, key=_strongest_first):
        left, right = _root(group, link.left), _root(group, link.right)
        if left != right:
            group[max(left, right)] = min(left, right)
            taken.append(link)
    return tuple(taken)


def _strongest_first(link: Link) -> tuple[int, RecordName, RecordName]:
    return -link.weight, link.left, link.right


def _root(group: dict[RecordName, RecordName], member: RecordName) -> RecordName:
    while (above := group.setdefault(member, member)) != member:
        group[member] = group[above]
        member = above
    return member


def weakest(links: Iterable[Link]) -> Link | None:
    """The link of the smallest weight, ties by record; None where there is none."""
    return min(links, key=lambda link: (link.weight, link.left, link.right), default=None)


def path(tree: Iterable[Link], start: RecordName, end: RecordName) -> tuple[Link, ...] | None:
    """The links of a tree from one record to another, in this order and turned this way; None where it does not join them."""
    came_from = {joined.member: joined for joined in _walk_from(start, _at(tree))}
    found: list[Link] = []
    here = end
    while here != start:
        joined = came_from.get(here)
        if joined is None or joined.link is None:
            return None
        before = other_end(joined.link, here)
        found.append(Link(before, here, joined.link.weight))
        here = before
    return tuple(reversed(found))


def other_end(link: Link, end: RecordName) -> RecordName:
    """The record at the other end of a link."""
    return link.right if link.left == end else link.left


def walk(members: Iterable[RecordName], tree: Iterable[Link]) -> tuple[Joined, ...]:
    """Every member once, each after the one it is joined to; it begins where most links meet, and strong links go first."""
    at = _at(tree)
    found: dict[RecordName, Joined] = {}
    for member in sorted(members, key=lambda one: (-len(at[one]), one)):
        if member not in found:
            found |= {joined.member: joined for joined in _walk_from(member, at)}
    return tuple(found.values())


def _at(tree: Iterable[Link]) -> Mapping[RecordName, list[Link]]:
    at: defaultdict[RecordName, list[Link]] = defaultdict(list)
    for link in sorted(tree, key=_strongest_first):
        at[link.left].append(link)
        at[link.right].append(link)
    return at


def _walk_from(start: RecordName, at: Mapping[RecordName, list[Link]]) -> Iterable[Joined]:
    waiting = [Joined(start, 0, None)]
    while waiting:
        here = waiting.pop()
        yield here
        onward = [link for link in at[here.member] if link != here.link]
        waiting += [Joined(other_end(link, here.member), here.depth + 1, link) for link in reversed(onward)]


def bridges(tree: Sequence[Link], links: Sequence[Link], threshold: int) -> tuple[Bridge, ...]:
    """The tree's links without which the members fall in two, weakest first.

    Args:
        tree: the spanning tree of the links.
        links: all links among the members.
        threshold: microbits above which a link speaks for a match, and so holds.
    """
    at = _at(tree)
    number = {member: place for place, member in enumerate(sorted(at))}
    holding = [link for link in links if link.weight > threshold]
    ends = np.array([(number[link.left], number[link.right]) for link in holding], dtype=np.int64).reshape(-1, 2)
    found = []
    for link in tree:
        left, right = (_side(start, link, at) for start in (link.left, link.right))
        on_left = np.zeros(len(number), dtype=np.bool_)
        on_left[[number[member] for member in left]] = True
        crossing = int((on_left[ends[:, 0]] != on_left[ends[:, 1]]).sum())
        if crossing - (link.weight > threshold) == 0:
            found.append(Bridge(link, left, right))
    return tuple(sorted(found, key=lambda bridge: (bridge.link.weight, bridge.link.left, bridge.link.right)))


def _side(start: RecordName, without: Link, at: Mapping[RecordName, list[Link]]) -> tuple[RecordName, ...]:
    """Who hangs together with a record once the link is gone, sorted."""
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        onward = {other_end(link, here) for link in at[here] if link != without} - seen
        seen |= onward
        waiting += onward
    return tuple(sorted(seen))
