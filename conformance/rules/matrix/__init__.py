"""What goes together: a rule or more for each cell of the wire in specs/matrix.json."""
