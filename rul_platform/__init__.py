"""Remaining useful life of machines, from raw data to a deployed model."""
