"""When a loss is too large to be believed at once."""

from typing import Final

MOST_REMOVALS: Final = 10
LARGEST_SHARE: Final = 4


def holds(removals: int, total: int) -> bool:
    """Stop when more than 10 things and more than a quarter of all would go."""
    return removals > MOST_REMOVALS and removals * LARGEST_SHARE > total
