"""What is taken over from another machine type, or from a larger model, and whether it pays."""
