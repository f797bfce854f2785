"""Tests of ``rul_platform.learning.inspection``."""
