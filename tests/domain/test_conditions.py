from dataclasses import replace

import pytest

from cloudmap_mcs.domain.conditions import MESSAGE_LIMIT, Condition, next_condition, timestamp
from cloudmap_mcs.domain.wellknown import ConditionType

HELD = Condition(ConditionType.READY, True, "Ready", "imported", 3, since="2024-01-01T00:00:00Z")  # noqa: FBT003  # a status
NOW = "2024-02-02T00:00:00Z"


def test_the_first_condition_is_written_with_the_time_of_now() -> None:
    assert next_condition(None, replace(HELD, since=""), now=NOW) == HELD
    first = next_condition(None, replace(HELD, since=""), now=NOW)
    assert first is not None
    assert first.since == NOW


def test_what_is_said_already_is_not_written_again() -> None:
    assert next_condition(HELD, replace(HELD, since=""), now=NOW) is None


@pytest.mark.parametrize(
    ("verdict", "since"),
    [
        pytest.param(replace(HELD, reason="Other"), HELD.since, id="reason"),
        pytest.param(replace(HELD, message="other"), HELD.since, id="message"),
        pytest.param(replace(HELD, observed_generation=4), HELD.since, id="generation"),
        pytest.param(replace(HELD, status=False), NOW, id="status-false"),
        pytest.param(replace(HELD, status=None), NOW, id="status-unknown"),
    ],
)
def test_the_time_moves_only_with_the_status(verdict: Condition, since: str) -> None:
    written = next_condition(HELD, replace(verdict, since=""), now=NOW)

    assert written is not None
    assert replace(written, since="") == replace(verdict, since="")
    assert written.since == since


def test_an_observed_condition_without_a_time_gets_one() -> None:
    written = next_condition(replace(HELD, since=""), replace(HELD, message="other"), now=NOW)

    assert written is not None
    assert written.since == NOW


def test_a_message_is_cut_to_its_limit_and_then_not_written_again() -> None:
    verdict = replace(HELD, message="x" * (MESSAGE_LIMIT + 1))

    written = next_condition(HELD, verdict, now=NOW)

    assert written is not None
    assert len(written.message) == 32_768
    assert next_condition(written, verdict, now=NOW) is None


@pytest.mark.parametrize(
    ("now_ms", "text"),
    [(0, "1970-01-01T00:00:00Z"), (1_700_000_000_999, "2023-11-14T22:13:20Z")],
    ids=["epoch", "whole-seconds"],
)
def test_times_are_rfc_3339_in_utc(now_ms: int, text: str) -> None:
    assert timestamp(now_ms) == text
