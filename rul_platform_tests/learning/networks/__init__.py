"""Tests of ``rul_platform.learning.networks``."""
