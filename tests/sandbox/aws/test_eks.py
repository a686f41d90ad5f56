"""EKS of the local AWS: who is administrator of an announced cluster, and its managed add-ons."""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import count

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.server import Addon, EksCluster, LocalAws
from tests.sandbox.aws.process import ACCOUNT, REGION, Stack, allowing, client_of, local_aws, make_role, trusting
from tests.sandbox.aws.tokens import assumed, review

pytestmark = pytest.mark.e2e

SECRET = "secret-of-the-webhook"
CLUSTER = "eks"
ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
EDIT = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"
EVERYWHERE = {"Type": "cluster"}
MASTERS = "system:masters"
COREFILE = json.dumps({"corefile": ".:53 {}", "replicaCount": 3})
AGENT = Addon("eks-pod-identity-agent")
AS_ANNOUNCED = EksCluster(
    CLUSTER, "1.35", "https://eks.invalid", "Y2E=", SECRET, addons=(AGENT, Addon("coredns", COREFILE, "v1.13.1"))
)
NUMBERS = count()


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with local_aws(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture
def cluster(aws: LocalAws) -> str:
    """Announce the cluster; what a test changed in add-ons is forgotten."""
    aws.announce(EksCluster(CLUSTER, "1.35", "https://eks.invalid", "Y2E=", SECRET))
    aws.announce(AS_ANNOUNCED)
    return CLUSTER


@pytest.fixture
def role(aws: LocalAws) -> str:
    return make_role(aws, f"caller-{next(NUMBERS)}", trusting("lambda.amazonaws.com"), allowing(["sqs:*"], "*"))


def entry(role: str, **properties: object) -> dict[str, object]:
    given = {"ClusterName": CLUSTER, "PrincipalArn": role, "Type": "STANDARD", **properties}
    return {"Entry": {"Type": "AWS::EKS::AccessEntry", "Properties": given}}


def policy(arn: str, scope: Mapping[str, object]) -> dict[str, object]:
    return {"PolicyArn": arn, "AccessScope": scope}


@pytest.fixture
def groups(aws: LocalAws, cluster: str, role: str) -> Callable[[], list[str] | None]:
    """Tell the caller's groups, or None for somebody who does not get in."""

    def told() -> list[str] | None:
        status = review(aws, cluster, assumed(aws, role), SECRET)
        return status["user"]["groups"] if status["authenticated"] else None

    return told


def test_the_cluster_admin_policy_makes_an_administrator_until_it_is_taken_back(
    aws: LocalAws, role: str, groups: Callable[[], list[str] | None]
) -> None:
    stack = Stack(aws, "entry-admin")
    stack.put(entry(role, AccessPolicies=[policy(ADMIN, EVERYWHERE)], KubernetesGroups=["mine"]))
    as_admin = groups() or []
    stack.put(entry(role, AccessPolicies=[policy(EDIT, EVERYWHERE)]))
    as_editor = groups() or []
    stack.remove()

    assert MASTERS in as_admin
    assert "mine" in as_admin
    assert MASTERS not in as_editor
    assert "mine" not in as_editor
    assert groups() is None


@pytest.mark.parametrize(
    "policies",
    [
        pytest.param([], id="none"),
        pytest.param([policy(EDIT, EVERYWHERE)], id="another"),
        pytest.param([policy(ADMIN, {"Type": "namespace", "Namespaces": ["default"]})], id="in-one-namespace"),
    ],
)
def test_nothing_else_makes_an_administrator(
    aws: LocalAws, role: str, groups: Callable[[], list[str] | None], policies: list[object]
) -> None:
    stack = Stack(aws, f"entry-{next(NUMBERS)}")
    stack.put(entry(role, AccessPolicies=policies))

    assert MASTERS not in (groups() or [])
    assert "system:authenticated" in (groups() or [])


def test_an_administrator_of_one_cluster_is_nobody_in_another(aws: LocalAws, role: str, cluster: str) -> None:
    other = EksCluster("other", "1.35", "https://other.invalid", "Y2E=", SECRET)
    aws.announce(other)
    Stack(aws, "entry-here").put(entry(role, AccessPolicies=[policy(ADMIN, EVERYWHERE)]))

    assert review(aws, cluster, assumed(aws, role), SECRET)["authenticated"] is True
    assert review(aws, "other", assumed(aws, role), SECRET) == {"authenticated": False}


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"KubernetesGroups": [MASTERS]}, "group name system:masters is invalid"),
        ({"AccessPolicies": [policy(ADMIN.replace("Admin", "Amdin"), EVERYWHERE)]}, "there is no access policy"),
    ],
)
def test_eks_refuses_what_would_be_administrator_by_another_way(
    aws: LocalAws, role: str, groups: Callable[[], list[str] | None], properties: dict[str, object], reason: str
) -> None:
    with pytest.raises(AssertionError, match=reason):
        Stack(aws, f"entry-{next(NUMBERS)}").put(entry(role, **properties))
    assert groups() is None


def test_a_cluster_with_authentication_by_config_map_takes_no_entry(aws: LocalAws, role: str) -> None:
    mapped = EksCluster("mapped", "1.35", "https://m.invalid", "Y2E=", SECRET, authentication_mode="CONFIG_MAP")
    aws.announce(mapped)

    with pytest.raises(AssertionError, match="authentication mode must be set to one of"):
        Stack(aws, "entry-mapped").put(entry(role, ClusterName="mapped"))


def test_a_cluster_is_described_as_it_was_announced(aws: LocalAws) -> None:
    issuer = "https://oidc.eks.us-east-1.amazonaws.com/id/ABC"
    auto = EksCluster("auto", "1.33", "https://a.invalid", "Y2E=", SECRET, auto_mode=True, oidc_issuer=issuer)
    aws.announce(EksCluster("auto", "1.32", "https://a.invalid", "Y2E=", SECRET, authentication_mode="CONFIG_MAP"))
    before = aws.client("eks").describe_cluster(name="auto")["cluster"]
    aws.announce(auto)
    after = aws.client("eks").describe_cluster(name="auto")["cluster"]

    assert (before["accessConfig"]["authenticationMode"], before["computeConfig"]["enabled"]) == ("CONFIG_MAP", False)
    assert (before["version"], after["version"]) == ("1.32", "1.33")
    assert after["accessConfig"]["authenticationMode"] == "API"
    assert after["computeConfig"]["enabled"] is True
    assert after["identity"]["oidc"]["issuer"] == issuer
    assert after["resourcesVpcConfig"]["vpcId"].startswith("vpc-")
    assert after["status"] == "ACTIVE"


def test_add_ons_are_listed_described_and_updated_with_an_update_that_takes_its_time(
    aws: LocalAws, cluster: str
) -> None:
    eks = aws.client("eks")
    named = {"clusterName": cluster, "addonName": "coredns"}
    listed = eks.list_addons(clusterName=cluster)["addons"]
    begun = eks.update_addon(**named, configurationValues="{}", resolveConflicts="PRESERVE")["update"]
    with pytest.raises(ClientError, match="ResourceInUse"):
        eks.update_addon(**named, configurationValues="{}")
    update = begun
    while update["status"] == "InProgress":
        update = eks.describe_update(name=cluster, addonName="coredns", updateId=begun["id"])["update"]
    aws.announce(AS_ANNOUNCED)

    assert set(listed) == {"coredns", AGENT.name}
    assert (begun["status"], update["status"]) == ("InProgress", "Successful")
    assert eks.describe_addon(**named)["addon"]["configurationValues"] == "{}"
    with pytest.raises(ClientError, match="ResourceNotFound"):
        eks.describe_update(name=cluster, addonName="coredns", updateId="0")


def test_what_is_granted_for_one_add_on_is_not_granted_for_another(aws: LocalAws, cluster: str) -> None:
    eks = f"arn:aws:eks:{REGION}:{ACCOUNT}"
    granted = allowing(["eks:DescribeAddon"], f"{eks}:addon/{cluster}/coredns/*")
    held = assumed(aws, make_role(aws, "one-addon", trusting("lambda.amazonaws.com"), granted))
    client = client_of(aws, held, "eks")

    assert client.describe_addon(clusterName=cluster, addonName="coredns")["addon"]["addonVersion"] == "v1.13.1"
    for name in (AGENT.name, "unknown"):
        with pytest.raises(ClientError, match="AccessDenied"):
            client.describe_addon(clusterName=cluster, addonName=name)
