"""How weights are learned from windows or whole histories: batches, losses, one loop."""
