"""Waiting for what other processes do."""

import time
from collections.abc import Callable
from typing import Any

_POLL_SECONDS = 0.02


def eventually(what: str, holds: Callable[[], Any], *, seconds: float = 30) -> Any:
    """Wait until something holds and return it; fail with what it was about."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, f"not so within {seconds:g} s: {what}"
        time.sleep(_POLL_SECONDS)
    return found
