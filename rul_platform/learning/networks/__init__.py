"""Networks: what they compute, their names, their checkpoints, and what they say of windows."""
