"""Transfer learning on plain arrays, for notebooks."""
