"""The agency's side: from its own file to two sealed sections, with nothing readable left over."""
