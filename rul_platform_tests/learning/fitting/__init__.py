"""Tests of ``rul_platform.learning.fitting``."""
