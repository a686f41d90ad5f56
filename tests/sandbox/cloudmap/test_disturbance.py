"""Throttling, faults and latency, with their own time."""

import random
from typing import Any

from sandbox.cloudmap.disturbance import Disturbance
from sandbox.cloudmap.limits import RATES
from sandbox.cloudmap.settings import Settings, change
from tests.sandbox.cloudmap.rules import ME, OTHER


def a_disturbance(**settings: Any) -> Disturbance:
    return Disturbance(change(Settings(), settings), random.Random(5))  # noqa: S311  a seed, so that a failure repeats


def _codes(disturbance: Disturbance, operation: str, calls: int, *, now: float = 0.0, key: str = "key") -> list[str]:
    verdicts = [disturbance.judge(operation, ME, key, now) for _ in range(calls)]
    return [verdict.error.code if verdict.error else verdict.drop or "" for verdict in verdicts]


def test_nothing_is_disturbed_unless_asked_for() -> None:
    disturbance = a_disturbance()

    assert _codes(disturbance, "RegisterInstance", 5000) == [""] * 5000
    assert disturbance.latency("RegisterInstance") == 0


def test_bucket_lets_its_burst_through_and_then_its_rate() -> None:
    disturbance = a_disturbance(throttle={"RegisterInstance": {"rate": 2, "burst": 3}})

    assert _codes(disturbance, "RegisterInstance", 5) == ["", "", "", "ThrottlingException", "ThrottlingException"]
    assert _codes(disturbance, "RegisterInstance", 3, now=1.0) == ["", "", "ThrottlingException"]
    assert _codes(disturbance, "RegisterInstance", 5, now=1000.0).count("") == 3


def test_accounts_have_their_own_buckets() -> None:
    disturbance = a_disturbance(throttle={"*": {"rate": 1, "burst": 1}})
    _codes(disturbance, "GetOperation", 1)

    assert disturbance.judge("GetOperation", OTHER, "key", 0.0).error is None
    assert disturbance.judge("GetService", ME, "key", 0.0).error is None
    assert disturbance.judge("GetOperation", ME, "key", 0.0).error is not None


def test_data_plane_has_its_own_throttling_error() -> None:
    disturbance = a_disturbance(throttle="aws")
    burst = int(RATES["DiscoverInstances"][1])

    assert _codes(disturbance, "DiscoverInstances", burst + 1) == [""] * burst + ["RequestLimitExceeded"]


def test_fault_strikes_its_count_of_its_operation_and_key() -> None:
    fault = {"operation": "GetInstance", "error": "InternalFailure", "count": 2, "access_key": "one"}
    disturbance = a_disturbance(faults=[fault])

    assert _codes(disturbance, "GetInstance", 2, key="two") == ["", ""]
    assert _codes(disturbance, "GetService", 2, key="one") == ["", ""]
    assert _codes(disturbance, "GetInstance", 3, key="one") == ["InternalFailure", "InternalFailure", ""]


def test_fault_with_a_probability_strikes_sometimes() -> None:
    disturbance = a_disturbance(faults=[{"drop": "after", "probability": 0.5}])

    assert set(_codes(disturbance, "GetInstance", 100)) == {"", "after"}


def test_outage_is_a_fault_without_an_end() -> None:
    disturbance = a_disturbance(faults=[{"error": "ServiceUnavailable"}])

    assert set(_codes(disturbance, "DiscoverInstances", 100)) == {"ServiceUnavailable"}


def test_latency_is_per_operation_with_a_default_for_the_rest() -> None:
    disturbance = a_disturbance(latency={"*": "10ms", "GetOperation": {"fixed": "1s", "jitter": "1s"}})

    assert disturbance.latency("GetInstance") == 0.01
    drawn = {disturbance.latency("GetOperation") for _ in range(20)}
    assert min(drawn) >= 1
    assert max(drawn) <= 2
    assert len(drawn) > 1
