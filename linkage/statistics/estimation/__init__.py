"""How many persons no list holds, estimated from how the lists overlap (multiple-systems estimation; experimental)."""
