"""Tests of ``rul_platform.learning.recipes``."""
