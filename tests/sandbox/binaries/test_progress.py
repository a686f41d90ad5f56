import io

import pytest
from rich.console import Console

from sandbox.binaries.progress import Progress, about, clock, described


def test_a_log_gets_a_sign_of_life_every_thirty_seconds() -> None:
    log = io.StringIO()

    with Progress(Console(file=log)).step("building etcd", expected="about 2 min") as step:
        for second in range(1, 96):
            step.tick(second, f"{second} packages compiled")

    assert log.getvalue().splitlines() == [
        "building etcd, expect about 2 min",
        "  still building etcd: 0:30 of about 2 min, 30 packages compiled",
        "  still building etcd: 1:00 of about 2 min, 60 packages compiled",
        "  still building etcd: 1:30 of about 2 min, 90 packages compiled",
    ]


def test_a_terminal_gets_one_line_that_moves() -> None:
    screen = io.StringIO()

    with Progress(Console(file=screen, force_terminal=True, width=100)).step("building etcd") as step:
        step.tick(61, "7 packages compiled")

    assert "still" not in screen.getvalue()


def test_nothing_unknown_is_shown() -> None:
    assert described("waiting", 5, "", "") == "waiting: 0:05"


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (59.9, "0:59"), (61, "1:01"), (3600, "60:00")])
def test_seconds_are_shown_as_minutes(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


@pytest.mark.parametrize(
    ("minutes", "words"), [(0.2, "less than a minute"), (1, "about 1 min"), (1.5, "about 1.5 min")]
)
def test_expected_minutes_are_rough(minutes: float, words: str) -> None:
    assert about(minutes) == words
