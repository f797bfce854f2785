"""Tests of ``rul_platform.learning.trained``."""
