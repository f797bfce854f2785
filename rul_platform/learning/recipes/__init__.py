"""Which recipe to train by: one objective, a search, a grid, and the method in eight steps."""
