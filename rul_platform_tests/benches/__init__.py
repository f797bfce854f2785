"""Measurements beside public packages: same machine, same files, same run."""
