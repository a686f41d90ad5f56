"""What roles and clients asked for, from call and audit logs, and what a cluster's roles grant."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, product
from pathlib import Path
from typing import Any

from cloudmap_mcs.domain.wellknown import LABEL_MANAGED_BY, MANAGED_BY
from cloudmap_mcs.install.names import IMPORTER_GROUP, SYSTEM_NAMESPACE, WATCHER
from infra.names import PREFIX
from sandbox.controlplane.client import KubeClient
from tests.permissions.granted import Right, kind_of

Row = tuple[str, str, str]
"""API group, resource with its subresource, verb."""

RBAC = "/apis/rbac.authorization.k8s.io/v1"
OURS = f"labelSelector={LABEL_MANAGED_BY}%3D{MANAGED_BY}"
_DEPLOYMENT = {"apiGroup": "apps", "resource": "deployments", "namespace": SYSTEM_NAMESPACE, "name": WATCHER}


@dataclass(frozen=True)
class Asked:
    """One decision of IAM about a role of ours."""

    kind: str
    action: str
    resource: str
    is_allowed: bool

    @property
    def right(self) -> Right:
        return self.kind, self.action


def asked(folder: Path) -> Iterator[Asked]:
    """Read what the roles of a sandbox asked of its AWS and its Cloud Map."""
    for line in (folder / "aws" / "calls.jsonl").read_text().splitlines():
        call = json.loads(line)
        if call["principal"].startswith(f"{PREFIX}-"):
            yield Asked(kind_of(call["principal"]), call["action"], call["resource"], call["allowed"])


def granted_in(client: KubeClient) -> set[tuple[str, Row]]:
    """Read from a cluster what our roles give to whom, by the subject's name."""
    found: set[tuple[str, Row]] = set()
    for kind in ("ClusterRole", "Role"):
        roles = client.get(f"{RBAC}/{kind.lower()}s?{OURS}")["items"]
        rows = {(role["metadata"].get("namespace"), role["metadata"]["name"]): set(_rows(role)) for role in roles}
        for binding in client.get(f"{RBAC}/{kind.lower()}bindings?{OURS}")["items"]:
            assert binding["roleRef"]["kind"] == kind
            place = binding["metadata"].get("namespace"), binding["roleRef"]["name"]
            for subject in binding["subjects"]:
                found |= {(subject["name"], row) for row in rows[place]}
    return found


def _rows(role: dict[str, Any]) -> Iterator[Row]:
    for rule in role["rules"]:
        yield from product(rule["apiGroups"], rule["resources"], rule["verbs"])


@dataclass(frozen=True)
class Request:
    """One request to an API server by somebody whom our roles are for."""

    subject: str
    row: Row
    decision: str


def requests(folder: Path) -> Iterator[Request]:
    """Read what watchers and importers asked of the clusters of a sandbox.

    A watcher here is a process beside its cluster. What it asks after its Deployment was deleted no Pod would ask.
    """
    for cluster in folder.glob("clusters/*"):
        logs = (log.read_text() for log in sorted(cluster.glob("audit*.log")))
        is_gone = False
        for entry in map(json.loads, chain.from_iterable(map(str.splitlines, logs))):
            is_gone = is_gone or (entry["verb"] == "delete" and _is_about(entry, _DEPLOYMENT))
            subject = _subject(entry["user"])
            if subject and not (is_gone and subject == WATCHER):
                told = entry.get("annotations", {})
                yield Request(subject, _asked_for(entry), told.get("authorization.k8s.io/decision", ""))


def _is_about(entry: dict[str, Any], what: dict[str, str]) -> bool:
    return bool(what.items() <= entry.get("objectRef", {}).items())


def _subject(user: dict[str, Any]) -> str:
    if user.get("username") == f"system:serviceaccount:{SYSTEM_NAMESPACE}:{WATCHER}":
        return WATCHER
    return IMPORTER_GROUP if IMPORTER_GROUP in user.get("groups", ()) else ""


def _asked_for(entry: dict[str, Any]) -> Row:
    about = entry.get("objectRef")
    if about is None:
        return "", entry["requestURI"], entry["verb"]
    resource = "/".join(filter(None, (about["resource"], about.get("subresource"))))
    return about.get("apiGroup", ""), resource, entry["verb"]
