"""Rules that strike with a probability, or a number of times."""

import random
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar


class _Chancy(Protocol):
    @property
    def probability(self) -> float: ...
    @property
    def count(self) -> int | None: ...


R = TypeVar("R", bound=_Chancy)


class Draws(Generic[R]):
    """Rules in order, each with how often it may still strike."""

    def __init__(self, rules: Sequence[R], rng: random.Random) -> None:
        self._rules = rules
        self._left = [rule.count for rule in rules]
        self._rng = rng

    def strike(self, concerns: Callable[[R], bool]) -> R | None:
        """Return the first rule that concerns the case and strikes now, and count it; or None."""
        for index, rule in enumerate(self._rules):
            left = self._left[index]
            if left == 0 or not concerns(rule):
                continue
            if rule.probability < 1 and self._rng.random() >= rule.probability:
                continue
            if left is not None:
                self._left[index] = left - 1
            return rule
        return None
