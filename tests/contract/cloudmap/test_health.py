"""Custom health checks."""

from typing import Any

from tests.contract.cloudmap.backend import CloudMap, moto_differs, refused

CHECKED: dict[str, Any] = {"HealthCheckCustomConfig": {}}


def _statuses(cloudmap: CloudMap, **more: Any) -> dict[str, str]:
    return {one["InstanceId"]: one["HealthStatus"] for one in cloudmap.discover(**more)["Instances"]}


def test_instance_of_a_checked_service_starts_healthy(cloudmap: CloudMap) -> None:
    cloudmap.register(cloudmap.service(**CHECKED), "a", k="v")

    assert _statuses(cloudmap) == {"a": "HEALTHY"}
    assert _statuses(cloudmap, HealthStatus="UNHEALTHY") == {}


@moto_differs("a new status counts at once")
def test_new_status_counts_after_half_a_minute_and_keeps_the_revision(cloudmap: CloudMap) -> None:
    service = cloudmap.service(**CHECKED)
    cloudmap.register(service, "a", k="v")
    revision = cloudmap.revision()

    cloudmap.client.update_instance_custom_health_status(ServiceId=service, InstanceId="a", Status="UNHEALTHY")

    assert _statuses(cloudmap) == {"a": "HEALTHY"}
    cloudmap.wait(30)
    assert _statuses(cloudmap) == {"a": "UNHEALTHY"}
    assert cloudmap.revision() == revision
    status = cloudmap.client.get_instances_health_status(ServiceId=service)["Status"]
    assert status == {"a": "UNHEALTHY"}


@moto_differs("AWS_INIT_HEALTH_STATUS is ignored")
def test_initial_status_can_be_given(cloudmap: CloudMap) -> None:
    cloudmap.register(cloudmap.service(**CHECKED), "a", AWS_INIT_HEALTH_STATUS="UNHEALTHY")

    assert _statuses(cloudmap) == {"a": "UNHEALTHY"}
    assert _statuses(cloudmap, HealthStatus="HEALTHY") == {}


@moto_differs("one healthy instance anywhere decides, before the query is looked at")
def test_healthy_or_else_all_decides_among_what_matches_the_query(cloudmap: CloudMap) -> None:
    service = cloudmap.service(**CHECKED)
    cloudmap.register(service, "well", zone="one")
    cloudmap.register(service, "ill", zone="two")
    cloudmap.client.update_instance_custom_health_status(ServiceId=service, InstanceId="ill", Status="UNHEALTHY")
    cloudmap.wait(30)

    assert cloudmap.found(HealthStatus="HEALTHY_OR_ELSE_ALL").keys() == {"well"}
    in_two = cloudmap.found(HealthStatus="HEALTHY_OR_ELSE_ALL", QueryParameters={"zone": "two"})
    assert in_two.keys() == {"ill"}


@moto_differs("every service has a custom health check")
def test_service_without_a_custom_check_takes_no_status(cloudmap: CloudMap) -> None:
    service = cloudmap.service()
    cloudmap.register(service, "a", k="v")

    with refused("CustomHealthNotFound", 404):
        cloudmap.client.update_instance_custom_health_status(ServiceId=service, InstanceId="a", Status="HEALTHY")


def test_health_filter_is_ignored_without_a_check(cloudmap: CloudMap) -> None:
    cloudmap.register(cloudmap.service(), "a", k="v")

    assert cloudmap.found(HealthStatus="HEALTHY").keys() == {"a"}
    assert cloudmap.found(HealthStatus="ALL").keys() == {"a"}


@moto_differs("unknown ids are left out")
def test_health_of_an_unknown_instance_is_not_found(cloudmap: CloudMap) -> None:
    with refused("InstanceNotFound", 404):
        cloudmap.client.get_instances_health_status(ServiceId=cloudmap.service(**CHECKED), Instances=["unknown"])
