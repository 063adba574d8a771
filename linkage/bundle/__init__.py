"""The bundle: the only thing that crosses the wall between an agency and the others, and the keys that seal it."""
