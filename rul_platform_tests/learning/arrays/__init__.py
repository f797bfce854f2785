"""Tests of ``rul_platform.learning.arrays``."""
