import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Know the mark of the specs that are called here; their own conftest need not be loaded."""
    config.addinivalue_line("markers", "conformance(number): a check of the MCS API against given clusters")
