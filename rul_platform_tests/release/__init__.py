"""Tests of the same tree as `release`."""
