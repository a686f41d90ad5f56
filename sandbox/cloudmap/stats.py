"""How often each access key called each operation, and what it was answered."""

from collections import Counter
from typing import Any

SUCCESS = "Success"
"""The outcome of a call that was answered without an error; other outcomes are error codes, or `Dropped`."""


class Stats:
    """Counts of calls since the last reset."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def count(self, access_key: str, operation: str, outcome: str) -> None:
        self._counts[access_key, operation, outcome] += 1

    def reset(self) -> None:
        self._counts.clear()

    def dump(self) -> dict[str, Any]:
        """Return totals per operation, and per access key and operation the count of each outcome."""
        operations: Counter[str] = Counter()
        keys: dict[str, dict[str, dict[str, int]]] = {}
        for (access_key, operation, outcome), count in sorted(self._counts.items()):
            operations[operation] += count
            keys.setdefault(access_key, {}).setdefault(operation, {})[outcome] = count
        return {"total": operations.total(), "operations": dict(operations), "accessKeys": keys}
