"""Who may do what in a member cluster: the least that works.

Writes are POST, PUT and DELETE, hence `update` and no `patch` on the objects we own.
The one PATCH is the server-side apply of conditions on a ServiceExport's status.
Every verb is used: tests/e2e/kube/test_rights.py compares them with the calls that are made.
Kubernetes cannot limit rights by label; the code checks our mark before it changes or deletes anything.
"""

from dataclasses import dataclass

from cloudmap_mcs.install.names import (
    ABOUT_GROUP,
    IMPORTER_GROUP,
    MCS_GROUP,
    SYSTEM_NAMESPACE,
    WATCHER,
    Manifest,
    cluster_wide,
    namespaced,
)

IRSA_ANNOTATION = "eks.amazonaws.com/role-arn"
"""On a ServiceAccount: the IAM role of its pods (EKS User Guide, "IAM roles for service accounts")."""

_API = "rbac.authorization.k8s.io"
_CORE = ""
_DISCOVERY = "discovery.k8s.io"
_COORDINATION = "coordination.k8s.io"

_REFLECT = ("list", "watch")
_READ = ("get", *_REFLECT)
_WRITE = ("create", "delete", "update")


@dataclass(frozen=True, slots=True)
class Grant:
    """One row of a role: verbs on one resource, and what needs them, in words."""

    group: str
    resource: str
    verbs: tuple[str, ...]
    why: str

    def manifest(self) -> Manifest:
        return {"apiGroups": [self.group], "resources": [self.resource], "verbs": list(self.verbs)}


IMPORTER_GRANTS = (
    Grant(MCS_GROUP, "serviceimports", (*_WRITE, "get", "list"), "what is imported"),
    Grant(MCS_GROUP, "serviceimports/status", ("update",), "its sources, and whether it is ready"),
    Grant(MCS_GROUP, "serviceexports", ("get",), "whether the cluster exports the service itself"),
    Grant(MCS_GROUP, "serviceexports/status", ("patch",), "the condition Conflict"),
    Grant(_CORE, "services", (*_WRITE, "get", "list"), "the derived Service, whose address is the clusterset IP"),
    Grant(_CORE, "namespaces", ("get",), "whether there is the namespace, and whether it is going"),
    Grant(_DISCOVERY, "endpointslices", (*_WRITE, "list"), "the imported endpoints"),
)
WATCHER_GRANTS = (
    Grant(MCS_GROUP, "serviceexports", _READ, "which Services are exported"),
    Grant(MCS_GROUP, "serviceexports/status", ("patch",), "the conditions Valid and Ready"),
    Grant(_CORE, "services", _REFLECT, "what is exported"),
    Grant(
        _CORE, "namespaces", _READ, "a namespace that appears is announced; kube-system's UID says which cluster it is"
    ),
    Grant(_DISCOVERY, "endpointslices", _REFLECT, "the endpoints of what is exported"),
    Grant(ABOUT_GROUP, "clusterproperties", _REFLECT, "the cluster's id and clusterset"),
)
WATCHER_LEASE_GRANTS = (
    Grant(_COORDINATION, "leases", ("create", "get", "update"), "one replica works, the others stand by"),
)

# CRDs are in none of the built-in roles; whoever may edit a namespace's Services may export them.
VIEW_GRANTS = (
    Grant(MCS_GROUP, "serviceexports", _READ, "what is exported from a namespace"),
    Grant(MCS_GROUP, "serviceimports", _READ, "what can be called from it"),
)
EDIT_GRANTS = (
    Grant(
        MCS_GROUP,
        "serviceexports",
        ("create", "delete", "deletecollection", "patch", "update"),
        "to export a Service, and to take that back",
    ),
)


def importer_rbac() -> tuple[Manifest, ...]:
    """Return what the importer's access entry stands for."""
    subject = {"kind": "Group", "apiGroup": _API, "name": IMPORTER_GROUP}
    return (
        cluster_role("cloudmap-mcs:importer", "importer", IMPORTER_GRANTS),
        bind_everywhere("cloudmap-mcs:importer", "importer", subject),
    )


def watcher_rbac(*, role_arn: str = "") -> tuple[Manifest, ...]:
    """Return the watcher's ServiceAccount and its rights; Leases only in its own namespace.

    `role_arn` is the role that EKS gives the account's pods by IRSA; empty where Pod Identity does.
    """
    account = service_account(WATCHER, WATCHER)
    if role_arn:
        account["metadata"]["annotations"] = {IRSA_ANNOTATION: role_arn}
    return (
        account,
        cluster_role("cloudmap-mcs:watcher", WATCHER, WATCHER_GRANTS),
        bind_everywhere("cloudmap-mcs:watcher", WATCHER, _watcher_account()),
        {
            "apiVersion": f"{_API}/v1",
            "kind": "Role",
            "metadata": namespaced(WATCHER, WATCHER),
            "rules": [grant.manifest() for grant in WATCHER_LEASE_GRANTS],
        },
        {
            "apiVersion": f"{_API}/v1",
            "kind": "RoleBinding",
            "metadata": namespaced(WATCHER, WATCHER),
            "roleRef": {"apiGroup": _API, "kind": "Role", "name": WATCHER},
            "subjects": [_watcher_account()],
        },
    )


def service_account(name: str, component: str) -> Manifest:
    """Return a ServiceAccount whose token goes to the pods that ask for it, and to none by accident."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": namespaced(name, component),
        "automountServiceAccountToken": False,
    }


def _watcher_account() -> dict[str, str]:
    return {"kind": "ServiceAccount", "name": WATCHER, "namespace": SYSTEM_NAMESPACE}


def people_rbac() -> tuple[Manifest, ...]:
    """Return what the built-in roles view, edit and admin gain; nobody but the importer may write ServiceImports."""
    return (
        _aggregated("cloudmap-mcs:view", VIEW_GRANTS, into=("view", "edit", "admin")),
        _aggregated("cloudmap-mcs:edit", EDIT_GRANTS, into=("edit", "admin")),
    )


def _aggregated(name: str, grants: tuple[Grant, ...], *, into: tuple[str, ...]) -> Manifest:
    role = cluster_role(name, "people", grants)
    role["metadata"]["labels"] |= {f"{_API}/aggregate-to-{built_in}": "true" for built_in in into}
    return role


def cluster_role(name: str, component: str, grants: tuple[Grant, ...]) -> Manifest:
    """Return a ClusterRole of ours with these rows."""
    return {
        "apiVersion": f"{_API}/v1",
        "kind": "ClusterRole",
        "metadata": cluster_wide(name, component),
        "rules": [grant.manifest() for grant in grants],
    }


def bind_everywhere(name: str, component: str, subject: dict[str, str]) -> Manifest:
    """Return a ClusterRoleBinding that gives the subject the ClusterRole of the same name."""
    return {
        "apiVersion": f"{_API}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": cluster_wide(name, component),
        "roleRef": {"apiGroup": _API, "kind": "ClusterRole", "name": name},
        "subjects": [subject],
    }
