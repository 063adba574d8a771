"""The statistics office's side: from content sections and a person map to counts of persons."""
