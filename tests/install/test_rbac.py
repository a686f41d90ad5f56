from typing import Any

from cloudmap_mcs.install.rbac import importer_rbac, people_rbac, watcher_rbac

BUILT_IN = "rbac.authorization.k8s.io/aggregate-to-"


def find(manifests: tuple[dict[str, Any], ...], kind: str) -> dict[str, Any]:
    (found,) = [manifest for manifest in manifests if manifest["kind"] == kind]
    return found


def table(role: dict[str, Any]) -> dict[str, str]:
    """Each resource with its group, and its verbs in one string."""
    return {
        "/".join((*rule["apiGroups"], *rule["resources"])): " ".join(sorted(rule["verbs"])) for rule in role["rules"]
    }


def test_importer_may_do_exactly_this() -> None:
    assert table(find(importer_rbac(), "ClusterRole")) == {
        "multicluster.x-k8s.io/serviceimports": "create delete get list update",
        "multicluster.x-k8s.io/serviceimports/status": "update",
        "multicluster.x-k8s.io/serviceexports": "get",
        "multicluster.x-k8s.io/serviceexports/status": "patch",
        "/services": "create delete get list update",
        "/namespaces": "get",
        "discovery.k8s.io/endpointslices": "create delete list update",
    }


def test_importer_is_the_group_of_its_access_entry() -> None:
    binding = find(importer_rbac(), "ClusterRoleBinding")

    assert binding["subjects"] == [
        {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "cloudmap-mcs:importer"}
    ]
    assert binding["roleRef"]["name"] == find(importer_rbac(), "ClusterRole")["metadata"]["name"]


def test_watcher_may_do_exactly_this_in_all_namespaces() -> None:
    assert table(find(watcher_rbac(), "ClusterRole")) == {
        "multicluster.x-k8s.io/serviceexports": "get list watch",
        "multicluster.x-k8s.io/serviceexports/status": "patch",
        "/services": "list watch",
        "/namespaces": "get list watch",
        "discovery.k8s.io/endpointslices": "list watch",
        "about.k8s.io/clusterproperties": "list watch",
    }


def test_watcher_may_hold_a_lease_in_its_own_namespace_only() -> None:
    role = find(watcher_rbac(), "Role")

    assert role["metadata"]["namespace"] == "cloudmap-mcs-system"
    assert table(role) == {"coordination.k8s.io/leases": "create get update"}


def test_watcher_is_its_service_account() -> None:
    account = {"kind": "ServiceAccount", "name": "watcher", "namespace": "cloudmap-mcs-system"}
    everywhere, here = find(watcher_rbac(), "ClusterRoleBinding"), find(watcher_rbac(), "RoleBinding")

    assert everywhere["subjects"] == here["subjects"] == [account]
    assert everywhere["roleRef"]["name"] == find(watcher_rbac(), "ClusterRole")["metadata"]["name"]
    assert here["roleRef"]["name"] == find(watcher_rbac(), "Role")["metadata"]["name"]
    assert here["metadata"]["namespace"] == "cloudmap-mcs-system"
    assert find(watcher_rbac(), "ServiceAccount")["automountServiceAccountToken"] is False


def test_people_may_see_both_kinds_and_edit_exports_but_never_imports() -> None:
    view, edit = people_rbac()

    assert table(view) == {
        "multicluster.x-k8s.io/serviceexports": "get list watch",
        "multicluster.x-k8s.io/serviceimports": "get list watch",
    }
    assert table(edit) == {"multicluster.x-k8s.io/serviceexports": "create delete deletecollection patch update"}
    assert aggregated(view) == {"view", "edit", "admin"}
    assert aggregated(edit) == {"edit", "admin"}


def aggregated(role: dict[str, Any]) -> set[str]:
    marks = role["metadata"]["labels"]
    return {label.removeprefix(BUILT_IN) for label, value in marks.items() if BUILT_IN in label and value == "true"}


def test_with_irsa_the_watchers_account_names_its_role_and_nothing_else_changes() -> None:
    """EKS User Guide, "Assign IAM roles to Kubernetes service accounts"."""
    role = "arn:aws:iam::123456789012:role/watcher"
    (account, *others), (plain, *same) = watcher_rbac(role_arn=role), watcher_rbac()

    assert account["metadata"].pop("annotations") == {"eks.amazonaws.com/role-arn": role}
    assert (account, others) == (plain, same)
