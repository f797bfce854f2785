"""A service for the client to ask."""

from rul_platform_tests.service.conftest import running  # noqa: F401  pytest finds it by name
