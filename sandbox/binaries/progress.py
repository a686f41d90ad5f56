"""Show a long build: one living line on a terminal, a sign of life every 30 s in a log."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.status import Status

HEARTBEAT_SECONDS: Final = 30.0


class Step(Protocol):
    """One thing that takes long."""

    def tick(self, elapsed: float, detail: str) -> None:
        """Take note of how far it is; called about once a second, `elapsed` in seconds."""


class Progress:
    """Where builds report; colours and a moving line only where somebody can see them."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, title: str, *, expected: str = "") -> Iterator[Step]:
        """Announce the step, show it while it lasts; the caller says how it ended."""
        if self._console.is_terminal:
            with self._console.status(title) as status:
                yield LivingLine(status, title, expected)
        else:
            self.say(f"{title}{f', expect {expected}' if expected else ''}")
            yield Heartbeat(self, title, expected)


class LivingLine:
    """A step on a terminal."""

    def __init__(self, status: Status, title: str, expected: str) -> None:
        self._status = status
        self._title = title
        self._expected = expected

    def tick(self, elapsed: float, detail: str) -> None:
        self._status.update(described(self._title, elapsed, self._expected, detail))


class Heartbeat:
    """A step in a log: a line whenever the last one is HEARTBEAT_SECONDS old."""

    def __init__(self, progress: Progress, title: str, expected: str) -> None:
        self._progress = progress
        self._title = title
        self._expected = expected
        self._said = 0.0

    def tick(self, elapsed: float, detail: str) -> None:
        if elapsed - self._said >= HEARTBEAT_SECONDS:
            self._said = elapsed
            self._progress.say(f"  still {described(self._title, elapsed, self._expected, detail)}")


def described(title: str, elapsed: float, expected: str, detail: str) -> str:
    """One line: what, how long so far, how long in all, how far."""
    parts = [f"{clock(elapsed)}{f' of {expected}' if expected else ''}", detail]
    return f"{title}: {', '.join(part for part in parts if part)}"


def clock(seconds: float) -> str:
    """Minutes and seconds as m:ss."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def about(minutes: float) -> str:
    """Rough minutes in words."""
    return f"about {minutes:g} min" if minutes >= 1 else "less than a minute"
