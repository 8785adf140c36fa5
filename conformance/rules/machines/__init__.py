"""State machines: calls at random beside a model, told as the shortest story that fails."""
