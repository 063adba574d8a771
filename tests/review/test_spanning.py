"""The tree joins with the strongest links: its paths are maximin paths, its bridges are those of the whole graph."""

from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.review.spanning import Link, bridges, path, spanning_tree, walk, weakest


def record(number):
    return ("ngo" if number % 2 else "police", f"{number:02}")


@st.composite
def graphs(draw, most=8):
    """Some members and links of few different weights, so that there are ties."""
    members = sorted(map(record, range(draw(st.integers(1, most)))))
    pairs = draw(st.lists(st.sampled_from(list(combinations(members, 2))), unique=True)) if len(members) > 1 else []
    return members, [Link(*pair, draw(st.integers(-4, 4))) for pair in pairs]


def reached(start, links):
    """Slow twin: everybody whom links lead to."""
    seen = {start}
    while more := {end for link in links if {link.left, link.right} & seen for end in (link.left, link.right)} - seen:
        seen |= more
    return seen


def maximin(links, one, other):
    """Slow twin: the highest bar at which links at or above it still join the two."""
    bars = sorted({link.weight for link in links}, reverse=True)
    return next((bar for bar in bars if other in reached(one, [link for link in links if link.weight >= bar])), None)


@settings(deadline=None)
@given(graphs())
def test_the_weakest_link_of_a_path_is_the_strongest_that_any_path_can_have(graph):
    members, links = graph
    tree = spanning_tree(links)
    for one, other in combinations(members, 2):
        way = path(tree, one, other)
        assert (weakest(way).weight if way else None) == maximin(links, one, other)


@settings(deadline=None)
@given(graphs())
def test_a_path_goes_from_the_one_to_the_other_along_the_tree(graph):
    members, links = graph
    tree = spanning_tree(links)
    of_tree = {(frozenset(link[:2]), link.weight) for link in tree}
    for one, other in combinations(members, 2):
        way = path(tree, one, other)
        if way is not None:
            assert (way[0].left, way[-1].right) == (one, other)
            assert all(before.right == after.left for before, after in pairwise(way))
            assert {(frozenset(link[:2]), link.weight) for link in way} <= of_tree


@settings(deadline=None)
@given(graphs())
def test_the_tree_joins_whom_the_links_join_without_a_circle(graph):
    members, links = graph
    tree = spanning_tree(links)
    groups = {frozenset(reached(member, links)) for member in members}
    assert {frozenset(reached(member, tree)) for member in members} == groups
    assert len(tree) == len(members) - len(groups)


@settings(deadline=None)
@given(graphs(), st.randoms())
def test_the_order_of_the_links_changes_nothing(graph, random):
    members, links = graph
    shuffled = random.sample(links, len(links))
    tree = spanning_tree(links)
    assert spanning_tree(shuffled) == tree
    assert bridges(tree, shuffled, 0) == bridges(tree, links, 0)
    assert walk(reversed(members), reversed(tree)) == walk(members, tree)


@settings(deadline=None)
@given(graphs(), st.integers(-4, 4))
def test_a_bridge_is_a_link_of_the_tree_that_no_speaking_link_replaces(graph, threshold):
    """Slow twin: take each link of the tree away from all that holds, and look who is still together."""
    _, links = graph
    tree = spanning_tree(links)
    holding = [link for link in links if link in tree or link.weight > threshold]
    expected = set()
    for link in tree:
        rest = [other for other in holding if other != link]
        if link.right not in reached(link.left, rest):
            expected.add((link, frozenset(reached(link.left, rest)), frozenset(reached(link.right, rest))))
    found = bridges(tree, links, threshold)
    assert {(one.link, frozenset(one.left), frozenset(one.right)) for one in found} == expected
    assert [one.link.weight for one in found] == sorted(one.link.weight for one in found)


@settings(deadline=None)
@given(graphs())
def test_a_walk_names_every_member_once_after_the_one_it_is_joined_to(graph):
    members, links = graph
    walked = walk(members, spanning_tree(links))
    assert sorted(joined.member for joined in walked) == members
    place = {joined.member: row for row, joined in enumerate(walked)}
    for row, joined in enumerate(walked):
        if joined.link:
            (before,) = {joined.link.left, joined.link.right} - {joined.member}
            assert place[before] < row
            assert walked[place[before]].depth == joined.depth - 1
        else:
            assert joined.depth == 0
