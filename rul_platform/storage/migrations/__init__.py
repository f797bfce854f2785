"""Numbered steps that bring the tables from one version to the next: forward only, never edited."""
