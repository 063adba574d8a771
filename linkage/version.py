"""The version of the program, named in every bundle and run."""

__version__ = "0.1.0"
