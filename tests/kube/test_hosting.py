"""An EKS cluster as its own API describes it."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from cloudmap_mcs.domain.preflight import Hosting
from cloudmap_mcs.errors import McsError, PermanentError, RetryableError, UnreachableError
from cloudmap_mcs.kube.eks import ClusterGoneError, ClusterLeavingError, EksDeniedError, EksHosting


class Eks:
    """boto3's client `eks`, as far as it is used; answers that are errors are raised."""

    def __init__(self, described: Any, *pages: Any) -> None:
        self.described, self.pages = described, list(pages)

    def describe_cluster(self, *, name: str) -> Any:
        assert name == "prod-east"
        return {"cluster": _given(self.described)}

    def list_addons(self, *, clusterName: str, nextToken: str = "") -> Any:  # noqa: N803  # boto3's
        assert (clusterName, nextToken) == ("prod-east", "more" if len(self.pages) == 1 else "")
        return _given(self.pages.pop(0))


def _given(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "DescribeCluster")


def test_what_the_preflight_wants_to_know_is_read_from_all_pages() -> None:
    described = {
        "status": "ACTIVE",
        "version": "1.34",
        "accessConfig": {"authenticationMode": "API"},
        "computeConfig": {"enabled": True},
    }
    pages = {"addons": ["coredns"], "nextToken": "more"}, {"addons": ["vpc-cni"]}

    assert EksHosting(Eks(described, *pages), "prod-east").look() == Hosting(
        name="prod-east",
        authentication_mode="API",
        version="1.34",
        is_auto_mode=True,
        addons=frozenset({"coredns", "vpc-cni"}),
    )


@pytest.mark.parametrize("described", [{}, {"accessConfig": None, "computeConfig": {"enabled": False}}])
def test_what_eks_does_not_tell_is_not_made_up(described: dict[str, Any]) -> None:
    eks = Eks(described, {"addons": []}, {})

    assert EksHosting(eks, "prod-east").look() == Hosting(name="prod-east", authentication_mode="", version="")


@pytest.mark.parametrize(
    ("described", "kind", "said"),
    [
        pytest.param({"status": "CREATING"}, UnreachableError, "prod-east is CREATING", id="being-created"),
        pytest.param({"status": "DELETING"}, ClusterLeavingError, "prod-east is DELETING", id="being-deleted"),
        pytest.param(refused("ResourceNotFoundException"), ClusterGoneError, "DescribeCluster failed", id="gone"),
        pytest.param(refused("AccessDeniedException"), EksDeniedError, "DescribeCluster failed", id="denied"),
        pytest.param(refused("ThrottlingException"), RetryableError, "DescribeCluster failed", id="throttled"),
        pytest.param(EndpointConnectionError(endpoint_url="https://eks"), RetryableError, "connect", id="no-network"),
    ],
)
def test_a_cluster_that_is_not_there_to_be_used_says_why(described: Any, kind: type[McsError], said: str) -> None:
    with pytest.raises(kind, match=said) as failed:
        EksHosting(Eks(described), "prod-east").look()

    assert type(failed.value) is kind


def test_add_ons_that_may_not_be_listed_are_no_absence_of_them() -> None:
    with pytest.raises(PermanentError, match="ListAddons failed"):
        EksHosting(Eks({}, refused("AccessDeniedException"), {}), "prod-east").look()
