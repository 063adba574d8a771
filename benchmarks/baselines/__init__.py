"""Other programs on the same rows, each in a virtual environment of its own, because their pins exclude ours.

`install` makes the environments, `run` calls a script in one; the scripts themselves (`ecm`, `clk`, `dice`,
`splink_duckdb`, `goldenmatch_zero`, and `peak`, which they share) import nothing of ours and run under the peer's own
Python. `lent` is the exception: anonlink and FAISS agree with our pins, and join in our process, where a ratio needs that.
"""
