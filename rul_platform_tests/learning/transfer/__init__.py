"""Tests of ``rul_platform.learning.transfer``."""
