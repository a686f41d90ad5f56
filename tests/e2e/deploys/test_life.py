"""One clusterset from its first deploy to its destruction; the tests build on one another, in this order."""

import json
from functools import partial
from typing import Any

import pytest

from infra import names
from sandbox.aws.deploy import destroy
from sandbox.controlplane.applying import apply
from sandbox.errors import SandboxError
from sandbox.sandbox import CLUSTERSET
from tests.e2e.deploys.inventory import differences, inventory
from tests.e2e.deploys.life import ELSEWHERE, PLACES, Life
from tests.e2e.waiting import eventually
from tests.install.corefile_texts import STOCK_EKS_ENABLED

pytestmark = pytest.mark.e2e

NAMESPACE = "travel"
AGENT = "eks-pod-identity-agent"
OTHERS = "cloud-map-mcs-system"
OTHER_CONTROLLER: list[dict[str, Any]] = [
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": OTHERS}},
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "cloud-map-mcs-controller-manager", "namespace": OTHERS},
        "spec": {
            "selector": {"matchLabels": {"app": "manager"}},
            "template": {
                "metadata": {"labels": {"app": "manager"}},
                "spec": {"containers": [{"name": "manager", "image": "manager"}]},
            },
        },
    },
]
INSTALLER = "installer"


def calls(life: Life) -> list[dict[str, Any]]:
    """Read what the local AWS and Cloud Map were asked."""
    log = life.site.folder / "aws" / "calls.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()]


def export(life: Life, cluster: str, name: str, address: str) -> None:
    there = life.clusters[cluster]
    there.service(NAMESPACE, name)
    there.endpoints(NAMESPACE, name, address)
    there.export(NAMESPACE, name)


def imported(life: Life, cluster: str, name: str) -> set[str]:
    return life.clusters[cluster].addresses(NAMESPACE, name)


def has(life: Life, cluster: str, wanted: dict[str, set[str]]) -> bool:
    return all(imported(life, cluster, name) == addresses for name, addresses in wanted.items())


def has_no_import(life: Life, cluster: str, name: str) -> bool:
    return life.clusters[cluster].imported(NAMESPACE, name) is None


def test_a_service_is_seen_from_every_region_and_account(life: Life) -> None:
    for cluster in life.clusters.values():
        cluster.namespace(NAMESPACE)
    exported = {f"of-{name}": {f"10.9.0.{number}"} for number, name in enumerate(life.clusters, start=1)}
    for name in life.clusters:
        (address,) = exported[f"of-{name}"]
        export(life, name, f"of-{name}", address)

    for name in life.clusters:
        eventually(f"{name} has all imports", partial(has, life, name, exported))


def test_a_change_reaches_another_account_by_event_and_not_by_resync(life: Life) -> None:
    life.clusters["west"].endpoints(NAMESPACE, "of-west", "10.9.1.1")

    eventually("north follows", lambda: imported(life, "north", "of-west") == {"10.9.1.1"}, seconds=15)


def test_coredns_as_a_managed_add_on_answers_for_the_zone(life: Life) -> None:
    assert life.dns.corefile == STOCK_EKS_ENABLED


def test_a_second_deploy_changes_nothing(life: Life) -> None:
    before, asked = life.stacks(), len(calls(life))

    life.deploy()

    assert life.stacks() == before
    assert [call for call in calls(life)[asked:] if INSTALLER in call["principal"]] == []


def test_the_exports_of_a_leaving_cluster_go_and_it_still_imports(life: Life) -> None:
    life.leave("south")
    life.leave("north")
    life.deploy()

    for cluster in ("east", "west"):
        function = life.sandbox.deployed.members[cluster].importer
        client = life.sandbox.aws_of(cluster).client("lambda")
        client.invoke(FunctionName=function, Payload=json.dumps({"resync": "all", "force": True}))
        for gone in ("of-south", "of-north"):
            eventually(f"{gone} is gone from {cluster}", partial(has_no_import, life, cluster, gone))
    assert imported(life, "north", "of-west") == {"10.9.1.1"}


def test_a_cluster_that_left_is_as_before_and_the_others_are_not_touched(life: Life) -> None:
    life.forget("south")
    life.deploy()
    _without_the_tests_own(life, "south")

    assert life.left("south") == {}
    assert imported(life, "east", "of-west") == {"10.9.1.1"}
    assert "south" not in _instances(life, "members")
    assert _instances(life, "of-south.travel") == set()


def test_the_stack_of_a_place_without_clusters_can_still_be_deleted(life: Life) -> None:
    """The CDK knows nothing of it any more, and the hub shares nothing with its account."""
    life.forget("north")
    life.deploy()
    place = ELSEWHERE["north"]
    formation = life.sandbox.aws.at(place.account, place.region).client("cloudformation")
    stack = names.member_stack(CLUSTERSET, place.account, place.region)
    formation.delete_stack(StackName=stack)
    eventually("the stack is gone", lambda: not any(name.endswith(stack) for name in life.stacks()), seconds=120)
    _without_the_tests_own(life, "north")

    assert life.left("north") == {}


def test_destroying_it_leaves_clusters_as_they_were_and_cloud_map_empty(life: Life) -> None:
    destroy(life.deploying.cdk, processes=life.site.processes, say=life.site.say)
    remaining = ("east", "west", "vault")
    for cluster in remaining:
        _without_the_tests_own(life, cluster)

    assert life.stacks() == {}
    assert {cluster: life.left(cluster) for cluster in remaining} == {cluster: {} for cluster in remaining}
    namespaces = life.sandbox.aws.client("servicediscovery").list_namespaces()["Namespaces"]
    assert namespaces == []
    assert _remains(life) == []


def test_a_cluster_that_is_refused_is_not_touched_and_all_that_is_in_the_way_is_said(life: Life) -> None:
    for cluster in ("south", "west", "north", "vault"):
        life.forget(cluster)
    life.sandbox.aws.client("eks").delete_addon(clusterName=life.clusters["east"].member.eks, addonName=AGENT)
    apply(life.clusters["east"].client, OTHER_CONTROLLER)
    before = inventory(life.clusters["east"].client)

    with pytest.raises(SandboxError) as refused:
        life.deploy()

    said = " ".join(str(refused.value).split())
    assert "findings, nothing was changed" in said
    assert "the AWS Cloud Map MCS Controller is at work" in said
    assert "aws eks create-addon" in said
    assert settled(differences(before, inventory(life.clusters["east"].client))) == {}
    destroy(life.deploying.cdk, processes=life.site.processes, say=life.site.say)
    assert life.stacks() == {}


def settled(found: dict[str, str]) -> dict[str, str]:
    """Set aside what the cluster makes of the other controller by itself, perhaps a moment later."""
    return {name: what for name, what in found.items() if "cloud-map-mcs" not in name}


def _without_the_tests_own(life: Life, cluster: str) -> None:
    """Take out what the tests put in, which no uninstall touches."""
    client = life.clusters[cluster].client
    assert client.find(f"/apis/multicluster.x-k8s.io/v1beta1/namespaces/{NAMESPACE}/serviceexports/of-{cluster}")
    client.delete(f"/api/v1/namespaces/{NAMESPACE}")
    eventually("the tests' namespace is gone", lambda: client.find(f"/api/v1/namespaces/{NAMESPACE}") is None)


def _instances(life: Life, service: str) -> set[str]:
    client = life.sandbox.aws.client("servicediscovery")
    services = {item["Name"]: item["Id"] for item in client.list_services()["Services"]}
    if service not in services:
        return set()
    return {item["Id"] for item in client.list_instances(ServiceId=services[service])["Instances"]}


def _remains(life: Life) -> list[str]:
    """Name whatever of ours is left in AWS."""
    found = []
    for place in set(PLACES.values()):
        aws = life.sandbox.aws.at(place.account, place.region)
        found += [item["FunctionName"] for item in aws.client("lambda").list_functions()["Functions"]]
        found += aws.client("sqs").list_queues().get("QueueUrls", [])
        found += [item["RoleName"] for item in aws.client("iam").list_roles()["Roles"]]
        found += [item["Name"] for item in aws.client("events").list_event_buses()["EventBuses"]]
        found += [item["logGroupName"] for item in aws.client("logs").describe_log_groups()["logGroups"]]
    return [name for name in found if "cloudmap-mcs" in name]
