"""What an attacker learns from encodings: attacks written from the literature, each beside a control that must fall to it.

`people` makes the lists, `held` is what a linkage unit would hold of them under a scheme, `encode` writes it for attack
code from outside; `frequency`, `structure`, `patterns`, `dictionary`, `graph`, `known_pairs` and `epochs` are the
attacks; `attacks` runs them over several seeds and judges; `frontier` puts them beside linkage quality.

In all of them the attacker has the plaintext of the people in the list, the protocol and the software, and draws his own
key; he does not have the linkage key. A figure is the share of the list's people that he names rightly. GPL code of
others stays outside this repository: these are ours.
"""
