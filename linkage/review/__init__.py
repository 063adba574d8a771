"""What auditors see and prove: the evidence behind a pair, what to look at next, and whether the memory is intact.

Everything here reads a published run and the ledger: pseudonyms, levels and weights, never an encoding or a name.
"""
