"""EKS clusters whose API servers somebody else runs: announced with what DescribeCluster and ListAddons tell."""

# ruff: noqa: SLF001 -- ministack has no public way in, which is why its version is pinned

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.aws.inside.resources import answered

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

_NODE_POOLS = ["general-purpose", "system"]


PATH = "/_sandbox/eks-clusters"
"""PUT announces a cluster: account, region and what `EksCluster` in `server` has."""


def door(eks: ModuleType, responses: ModuleType) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what answers at the path."""

    def announced(wanted: dict[str, Any]) -> dict[str, Any]:
        with responses.request_scope(wanted["account"], wanted["region"]):
            announce(eks, wanted)
        return {}

    return announced


def announce(eks: ModuleType, wanted: dict[str, Any]) -> None:
    """Make or change the cluster of the current account and Region; nobody gets in without an access entry.

    Access entries stay, and so does the configuration of an add-on that is there already.
    """
    name = wanted["name"]
    access = {
        "authenticationMode": wanted["authentication_mode"],
        "bootstrapClusterCreatorAdminPermissions": False,
    }
    if name not in eks._clusters:
        body = {"name": name, "version": wanted["version"], "roleArn": "", "accessConfig": access}
        answered(eks._create_cluster(body), f"EKS cluster {name}")
    cluster = eks._clusters[name]
    cluster["version"] = wanted["version"]
    cluster["endpoint"] = wanted["endpoint"]
    cluster["certificateAuthority"] = {"data": wanted["ca"]}
    cluster["accessConfig"] = access
    cluster["computeConfig"] = {"enabled": wanted["auto_mode"], "nodePools": _NODE_POOLS if wanted["auto_mode"] else []}
    cluster["resourcesVpcConfig"]["vpcId"] = wanted["vpc"]
    if wanted["oidc_issuer"]:
        cluster["identity"] = {"oidc": {"issuer": wanted["oidc_issuer"]}}
    cluster["_auth_token"] = wanted["secret"]
    _set_addons(eks, name, {addon["name"]: addon for addon in wanted["addons"]})


def _set_addons(eks: ModuleType, cluster: str, wanted: dict[str, dict[str, str]]) -> None:
    present = set(answered(eks._list_addons(cluster, {}), "ListAddons")["addons"])
    for name in present - set(wanted):
        answered(eks._delete_addon(cluster, name), "DeleteAddon", missing_is_fine=True)
    for name, addon in wanted.items():
        if name not in present:
            body = {"addonName": name, "addonVersion": addon["version"], "configurationValues": addon["values"]}
            answered(eks._create_addon(cluster, body), "CreateAddon")
