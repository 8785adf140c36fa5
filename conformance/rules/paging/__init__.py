"""Lists page by page: whole and without repetition, counts, borders, filters."""
