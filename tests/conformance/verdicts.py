"""What becomes of a check: it holds, the implementation does not conform, or nothing can be said."""

from enum import Enum
from typing import Any


class UnmetError(Exception):
    """Something that a check rests on is not so; by itself no judgement about the implementation."""


class NonConformantError(UnmetError):
    """The implementation does not do what the specification demands."""


class SuiteError(Exception):
    """The clusters are not fit for any check."""


class Verdict(Enum):
    """The words of the upstream report's first column."""

    CONFORMANT = "Yes"
    NON_CONFORMANT = "No"
    UNKNOWN = "Unknown"
    SKIPPED = "Skipped"


def need(holds: Any, message: str) -> None:
    """Demand what a check rests on."""
    if not holds:
        raise UnmetError(message)


def demand(holds: Any, message: str) -> None:
    """Demand what the specification demands."""
    if not holds:
        raise NonConformantError(message)
