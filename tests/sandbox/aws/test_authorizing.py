"""Policies hold for Cloud Map too, and everything that IAM decides is in one log."""

from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from sandbox.aws.server import CALLS, LocalAws
from sandbox.cloudmap.client import SimulatorAdmin
from tests.sandbox.aws.process import ACCOUNT, REGION, allowing, client_of, decisions, local_aws, make_role, trusting
from tests.sandbox.aws.tokens import assumed

pytestmark = pytest.mark.e2e

LAMBDA = trusting("lambda.amazonaws.com")
CONSUMER = "210987654321"
CLOUD_MAP = f"arn:aws:servicediscovery:{REGION}:{ACCOUNT}"
NUMBERS = count()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("aws")


@pytest.fixture(scope="module")
def aws(folder: Path) -> Iterator[LocalAws]:
    with local_aws(folder) as running:
        yield running


@pytest.fixture(scope="module")
def web(aws: LocalAws) -> Mapping[str, str]:
    """Make a namespace with a service in it; returns their ids and ARNs."""
    client = aws.client("servicediscovery")
    client.create_http_namespace(Name="mcs.test")
    while not (found := client.list_namespaces()["Namespaces"]):
        pass
    service = client.create_service(Name="web.shop", NamespaceId=found[0]["Id"])["Service"]
    return {"namespace": found[0]["Arn"], "service": service["Arn"], "id": service["Id"]}


def holder(aws: LocalAws, policy: Mapping[str, Any]) -> Credentials:
    return assumed(aws, make_role(aws, f"holder-{next(NUMBERS)}", LAMBDA, dict(policy)))


def code_of(call: Any, **arguments: Any) -> str:
    """Return the error's code, or `` if there is none."""
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


PLACE = {"NamespaceName": "mcs.test", "ServiceName": "web.shop"}
DISCOVER = ["servicediscovery:DiscoverInstances"]


def test_a_role_does_in_cloud_map_what_it_is_allowed_and_nothing_else(aws: LocalAws, web: Mapping[str, str]) -> None:
    held = holder(aws, allowing(DISCOVER, web["namespace"], f"{CLOUD_MAP}:service/*"))
    client = client_of(aws, held, "servicediscovery")

    assert code_of(client.discover_instances, **PLACE) == ""
    assert code_of(client.discover_instances_revision, **PLACE) == "AccessDeniedException"
    assert code_of(client.list_services) == "AccessDeniedException"
    assert code_of(client.get_service, Id=web["id"]) == "AccessDeniedException"


@pytest.mark.parametrize("missing", ["namespace", "service"])
def test_discovering_needs_the_namespace_and_the_service(aws: LocalAws, web: Mapping[str, str], missing: str) -> None:
    (granted,) = {"namespace", "service"} - {missing}
    client = client_of(aws, holder(aws, allowing(DISCOVER, web[granted])), "servicediscovery")

    assert code_of(client.discover_instances, **PLACE) == "AccessDeniedException"


@pytest.mark.parametrize(("name", "expected"), [("web.shop", ""), ("cart.shop", "AccessDeniedException")])
def test_the_names_of_a_discover_call_can_be_conditions(
    aws: LocalAws, web: Mapping[str, str], name: str, expected: str
) -> None:
    aws_service = aws.client("servicediscovery")
    code_of(aws_service.create_service, Name="cart.shop", NamespaceId=web["namespace"])
    policy = allowing(DISCOVER, "*")
    policy["Statement"][0]["Condition"] = {"StringEquals": {"servicediscovery:ServiceName": "web.shop"}}
    client = client_of(aws, holder(aws, policy), "servicediscovery")

    assert code_of(client.discover_instances, NamespaceName="mcs.test", ServiceName=name) == expected


def test_what_is_not_there_is_not_found_by_those_who_may_look(aws: LocalAws, web: Mapping[str, str]) -> None:
    held = holder(aws, allowing([*DISCOVER, "servicediscovery:GetService"], web["namespace"], f"{CLOUD_MAP}:service/*"))
    client = client_of(aws, held, "servicediscovery")

    assert code_of(client.discover_instances, NamespaceName="mcs.test", ServiceName="none.shop") == "ServiceNotFound"
    assert code_of(client.get_service, Id="srv-none") == "ServiceNotFound"


def test_keys_that_nobody_gave_out_and_wrong_signatures_are_refused(aws: LocalAws) -> None:
    held = holder(aws, allowing(["servicediscovery:*"], "*"))
    wrong = Credentials(held.access_key, "guessed", held.token)
    unknown = Credentials("ASIAUNKNOWN000000000", held.secret_key, held.token)

    assert code_of(client_of(aws, held, "servicediscovery").list_namespaces) == ""
    assert code_of(client_of(aws, wrong, "servicediscovery").list_namespaces) == "SignatureDoesNotMatch"
    assert code_of(client_of(aws, unknown, "servicediscovery").list_namespaces) == "UnrecognizedClientException"


def test_a_role_of_another_account_is_that_account_in_cloud_map(aws: LocalAws, web: Mapping[str, str]) -> None:
    there = aws.at(CONSUMER, REGION)
    held = holder(there, allowing(["servicediscovery:*"], "*"))
    client = client_of(there, held, "servicediscovery")
    before = client.list_namespaces()["Namespaces"]
    SimulatorAdmin(aws.cloudmap_url).share("mcs", [web["namespace"]], [CONSUMER])
    (after,) = client.list_namespaces()["Namespaces"]
    SimulatorAdmin(aws.cloudmap_url).unshare("mcs")

    assert before == []
    assert (after["Arn"], after["ResourceOwner"]) == (web["namespace"], ACCOUNT)


def test_a_share_gives_a_role_of_the_consumer_nothing_that_its_own_policy_does_not(
    aws: LocalAws, web: Mapping[str, str]
) -> None:
    there = aws.at(CONSUMER, REGION)
    held = holder(there, allowing(DISCOVER, web["namespace"], f"{CLOUD_MAP}:service/*"))
    client = client_of(there, held, "servicediscovery")
    SimulatorAdmin(aws.cloudmap_url).share("mcs", [web["namespace"]], [CONSUMER])

    assert code_of(client.discover_instances, **PLACE, OwnerAccount=ACCOUNT) == ""
    assert code_of(client.get_service, Id=web["service"]) == "AccessDeniedException"
    SimulatorAdmin(aws.cloudmap_url).unshare("mcs")
    assert code_of(client.discover_instances, **PLACE, OwnerAccount=ACCOUNT) == "NamespaceNotFound"


def test_every_decision_is_logged_with_who_what_and_where_and_without_keys(
    aws: LocalAws, web: Mapping[str, str], folder: Path
) -> None:
    role = make_role(aws, "logged", LAMBDA, allowing([*DISCOVER, "sqs:CreateQueue"], "*"))
    held = assumed(aws, role)
    client_of(aws, held, "servicediscovery").discover_instances(**PLACE)
    code_of(client_of(aws, held, "servicediscovery").get_service, Id=web["id"])
    client_of(aws, held, "sqs").create_queue(QueueName="logged")
    code_of(client_of(aws, held, "sqs").list_queues)
    mine = decisions(folder, "logged")

    assert {(line["account"], line["region"]) for line in mine} == {(ACCOUNT, REGION)}
    assert [(line["action"], line["resource"], line["allowed"]) for line in mine] == [
        ("servicediscovery:DiscoverInstances", web["namespace"], True),
        ("servicediscovery:DiscoverInstances", web["service"], True),
        ("servicediscovery:GetService", web["service"], False),
        ("sqs:CreateQueue", f"arn:aws:sqs:{REGION}:{ACCOUNT}:logged", True),
        ("sqs:ListQueues", "*", False),
    ]
    assert "iam:CreateRole" in {line["action"] for line in decisions(folder, "root")}
    assert held.access_key not in (folder / CALLS).read_text()
