"""Watchers that get their role from the cluster's OIDC provider."""

from infra.installation import RESOURCE_TYPE
from tests.infra.choices.conftest import HOME, ISSUER, REGION
from tests.infra.conftest import Stack

ROLE = f"cloudmap-mcs-shop-signed-watcher-{REGION}"


def test_only_the_watchers_service_account_of_that_issuer_gets_the_role(home: Stack) -> None:
    (trust,) = home.one("AWS::IAM::Role", RoleName=ROLE)["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert home.text(trust["Principal"]["Federated"]) == f"arn:aws:iam::{HOME}:oidc-provider/{ISSUER}"
    assert trust["Condition"] == {
        "StringEquals": {
            f"{ISSUER}:aud": "sts.amazonaws.com",
            f"{ISSUER}:sub": "system:serviceaccount:cloudmap-mcs-system:watcher",
        }
    }


def test_the_service_account_is_told_its_role_and_eks_is_not(home: Stack) -> None:
    told = home.one(RESOURCE_TYPE, Cluster="signed")

    assert told["Identity"] == "irsa"
    assert home.text(told["WatcherRoleArn"]) == f"arn:aws:iam::{HOME}:role/{ROLE}"
    assert "shop-signed" not in {a["ClusterName"] for a in home.of_type("AWS::EKS::PodIdentityAssociation")}


def test_with_pod_identity_it_is_the_other_way_round(home: Stack) -> None:
    told = home.one(RESOURCE_TYPE, Cluster="open")

    assert told["Identity"] == "pod-identity"
    assert "WatcherRoleArn" not in told
    home.one("AWS::EKS::PodIdentityAssociation", ClusterName="shop-open")
