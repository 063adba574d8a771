"""How well persons are found where the truth is known: one fixed configuration, default threshold, no labels, peers beside."""
