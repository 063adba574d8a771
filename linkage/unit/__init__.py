"""The linkage unit's side: from sealed encodings to persons, without a name, a date or a linkage key."""
