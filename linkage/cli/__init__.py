"""The command line: one module per role. Nothing imports it."""
