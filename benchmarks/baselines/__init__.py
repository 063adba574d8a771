"""Other programs on the same rows, each in a virtual environment of its own, because their pins exclude ours.

`install` makes the environments, `run` calls a script in one; the scripts themselves (`ecm`, `clk`, `dice`,
`splink_duckdb`, `goldenmatch_zero`, and `peak`, which they share) import nothing of ours and run under the peer's own Python.
"""
