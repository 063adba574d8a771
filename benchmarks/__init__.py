"""What Headcount achieves and what it costs, measured beside a peer in the same run; each figure in a document comes from here.

`quality` says how many persons are found right, `speed` what finding them takes, `baselines` runs other programs on the
same rows in environments of their own, and `tables` turns the committed result files into docs/benchmarks.md.
"""
