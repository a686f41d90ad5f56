"""Settings as a user writes them."""

import pytest

from sandbox.cloudmap.settings import Delay, Settings, SettingsError, change, parse_duration, to_mapping


@pytest.mark.parametrize(
    ("text", "seconds"), [("100ms", 0.1), ("1.5s", 1.5), ("2m", 120), ("3", 3), (0.25, 0.25), (4, 4)]
)
def test_durations_are_read(text: object, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


def test_delay_can_be_just_its_fixed_part() -> None:
    assert change(Settings(), {"lag": "200ms"}).lag == Delay(0.2)


def test_what_is_not_changed_stays() -> None:
    first = change(Settings(), {"operation_delay": "1s"})

    second = change(first, {"health_delay": 1})

    assert (second.operation_delay, second.health_delay) == (Delay(1.0), 1.0)


def test_settings_survive_the_way_through_json() -> None:
    faults = [{"operation": "GetInstance", "drop": "after", "count": 3}]
    settings = change(Settings(), {"throttle": "aws", "faults": faults, "cloudtrail": {"endpoint": "http://x"}})

    assert change(Settings(), to_mapping(settings)) == settings


def test_every_mistake_is_reported_with_its_field() -> None:
    changes = {
        "lag": {"fixed": "soon"},
        "faults": [{"operation": "Nonsense", "error": "InternalFailure"}, {}, {"error": "Odd"}],
        "quotas": {"namespaces": 0},
        "cloudtrail": {"endpoint": "nowhere"},
        "unknown": 1,
    }

    with pytest.raises(SettingsError) as caught:
        change(Settings(), changes)

    fields = {problem.partition(":")[0] for problem in caught.value.problems}
    assert fields == {
        "lag.fixed",
        "faults.0.operation",
        "faults.1",
        "faults.2.error",
        "quotas.namespaces",
        "cloudtrail.endpoint",
        "unknown",
    }


def test_anything_but_an_object_is_refused() -> None:
    with pytest.raises(SettingsError, match="JSON object"):
        change(Settings(), [1])
