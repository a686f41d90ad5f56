import pytest

from cloudmap_mcs.install.dns import rights
from tests.install.test_rbac import table


def test_coredns_may_also_reflect_imports_and_nothing_else() -> None:
    """The kubernetes plugin of CoreDNS, option multicluster."""
    role, binding = rights()

    assert table(role) == {"multicluster.x-k8s.io/serviceimports": "list watch"}
    assert binding["roleRef"]["kind"] == role["kind"] == "ClusterRole"
    assert binding["roleRef"]["name"] == role["metadata"]["name"] == "cloudmap-mcs:coredns"


def test_coredns_rights_carry_our_mark() -> None:
    marks = {manifest["metadata"]["labels"]["app.kubernetes.io/managed-by"] for manifest in rights()}

    assert marks == {"cloudmap-mcs"}


@pytest.mark.parametrize(
    ("given", "namespace", "name"),
    [
        pytest.param({}, "kube-system", "coredns", id="stock"),
        pytest.param({"account": "dns", "namespace": "own"}, "own", "dns", id="self-managed"),
    ],
)
def test_coredns_is_its_service_account(given: dict[str, str], namespace: str, name: str) -> None:
    _, binding = rights(**given)

    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": name, "namespace": namespace}]
