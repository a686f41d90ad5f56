"""What is wrong with a clusterset.yaml, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WHOLE = "the file"


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to change in the file: where it is, what is written there, what may be written."""

    path: str
    value: object
    allowed: str

    def __str__(self) -> str:
        if self.path == WHOLE:
            return f"{self.path} {self.value}; {self.allowed}"
        written = "missing" if self.value is None else f"{self.value!r} is not allowed"
        return f"{self.path}: {written}; {self.allowed}"


class ClustersetError(ValueError):
    """The file cannot be used; `mistakes` has all of them, in the order of the file's keys."""

    def __init__(self, source: str, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        super().__init__("\n".join([f"{source} has {count}, nothing was made:", *(f"  {m}" for m in mistakes)]))
