"""The composition root: what it builds from an order, without any call."""

import time
from typing import Any

import pytest

from cloudmap_mcs.cloudmap.clearing import CloudMapClearer
from cloudmap_mcs.kube.assuming import AssumedRole
from cloudmap_mcs.kube.coredns_addon import CoreDnsAddon
from lambdas.customresource import wiring as shared
from lambdas.installer import wiring
from lambdas.installer.properties import order
from tests.lambdas.installer.requests import properties
from tests.lambdas.installer.rig import DEPLOYED

ROLE = "arn:aws:iam::210987654321:role/cloudmap-mcs-prod-east"


@pytest.fixture(autouse=True)
def _region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    shared.surroundings.cache_clear()


def test_a_door_is_built_for_the_cluster_and_the_hub_of_the_order() -> None:
    patience = wiring.patience(900_000)
    door = wiring.door(order(properties(Region="eu-central-1"), DEPLOYED), patience)

    assert door.patience is patience
    assert isinstance(door.registry, CloudMapClearer)
    assert door.registry._services._reference == "ns-abcdefghijklmnop"
    assert isinstance(door.addon, CoreDnsAddon)
    assert door.addon._client.meta.region_name == "eu-central-1"


def test_a_cluster_of_another_account_is_reached_by_its_role(monkeypatch: pytest.MonkeyPatch) -> None:
    assumed: list[tuple[AssumedRole, str]] = []

    def assuming(role: AssumedRole, component: str, own: Any) -> Any:
        assumed.append((role, component))
        return own

    monkeypatch.setattr(wiring, "assuming", assuming)
    wiring.door(order(properties(AssumeRoleArn=ROLE, ExternalId="prod/east"), DEPLOYED), wiring.patience(900_000))
    wiring.door(order(properties(), DEPLOYED), wiring.patience(900_000))

    assert assumed == [(AssumedRole(ROLE, "prod/east"), "installer")]


def test_a_margin_of_the_functions_time_is_left_alone() -> None:
    now = time.time_ns() // 1_000_000

    assert 0 <= wiring.patience(900_000).deadline_ms - (now + 885_000) < 60_000


def test_on_aws_only_cloudformations_own_bucket_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (shared.surroundings().dns_suffix, shared.surroundings().endpoint) == ("amazonaws.com", None)

    shared.surroundings.cache_clear()
    monkeypatch.setenv("AWS_REGION", "cn-north-1")
    assert shared.surroundings().dns_suffix == "amazonaws.com.cn"


def test_the_endpoint_of_s3_goes_before_that_of_all_services(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:4777")
    assert shared.surroundings().endpoint == "http://localhost:4777"

    shared.surroundings.cache_clear()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://localhost:4778")
    assert shared.surroundings().endpoint == "http://localhost:4778"
