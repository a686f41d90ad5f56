from cloudmap_mcs.install import names as installed
from infra import entries, watcher
from infra.installation import RESOURCE_TYPE
from tests.infra.conftest import Stack
from tests.infra.test_importer import REGISTRY, rights

ROLE = "cloudmap-mcs-prod-west-watcher-eu-west-1"


def test_the_watcher_may_do_what_it_does_and_nothing_else(members: Stack) -> None:
    found = rights(members, ROLE)
    (namespace,) = found["servicediscovery:GetNamespace"]
    services = f"{REGISTRY}:service/*"

    assert namespace.startswith(f"{REGISTRY}:namespace/<")
    on_services = (
        "DeleteService",
        "DeregisterInstance",
        "GetInstance",
        "GetService",
        "ListInstances",
        "RegisterInstance",
    )
    on_both = ("CreateService", "DiscoverInstances", "GetOperation")
    assert found == {
        **{f"servicediscovery:{action}": {services} for action in on_services},
        **{f"servicediscovery:{action}": {namespace, services} for action in on_both},
        "servicediscovery:GetNamespace": {namespace},
        "servicediscovery:ListServices": {"*"},
        "events:PutEvents": {"arn:aws:events:eu-west-1:123456789012:event-bus/cloudmap-mcs-prod"},
        "s3:GetObject": zips(members),
    }


def zips(members: Stack) -> set[str]:
    """Return the ARNs of the zips that the custom resource has the watcher fetch."""
    told = members.one(RESOURCE_TYPE, Cluster="west")
    bucket = "cdk-hnb659fds-assets-123456789012-eu-west-1"

    assert told["BundleBucket"] == bucket
    return {f"arn:aws:s3:::{bucket}/{told[name]}" for name in ("BundleArm64Key", "BundleAmd64Key")}


def test_only_the_watchers_service_account_in_its_cluster_gets_the_role(members: Stack) -> None:
    (statement,) = {
        repr(s): s for s in members.one("AWS::IAM::Role", RoleName=ROLE)["AssumeRolePolicyDocument"]["Statement"]
    }.values()

    assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert set(statement["Action"]) == {"sts:AssumeRole", "sts:TagSession"}
    tags = statement["Condition"]["StringEquals"]
    assert {key: members.text(value) for key, value in tags.items()} == {
        "aws:RequestTag/eks-cluster-arn": "arn:aws:eks:eu-west-1:123456789012:cluster/prod-west",
        "aws:RequestTag/kubernetes-namespace": "cloudmap-mcs-system",
        "aws:RequestTag/kubernetes-service-account": "watcher",
    }


def test_the_association_names_the_service_account_that_is_installed(members: Stack) -> None:
    association = members.one("AWS::EKS::PodIdentityAssociation", ClusterName="prod-west")

    assert (association["Namespace"], association["ServiceAccount"]) == (installed.SYSTEM_NAMESPACE, installed.WATCHER)
    assert (watcher.NAMESPACE, watcher.SERVICE_ACCOUNT) == (installed.SYSTEM_NAMESPACE, installed.WATCHER)
    assert installed.IMPORTER_GROUP == entries.KUBERNETES_GROUP
