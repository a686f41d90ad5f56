"""Where ministack's EKS is less than EKS: updates of add-ons, the resources of its actions, who is administrator.

EKS decides about access policies beside RBAC, ministack by bindings in a cluster of its own. In the API servers that
are announced here neither is there, so the one policy that means "everything" becomes the group that means it.
"""

# ruff: noqa: SLF001 -- ministack has no public way in, which is why its version is pinned

from __future__ import annotations

import json
import re
import urllib.parse
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    Answer = tuple[int, Any, bytes]

UPDATE_SECONDS = 2.0
"""How long an update of an add-on is in progress; EKS takes some tens of seconds."""

_MASTERS = "system:masters"
_ADMIN_POLICY = "AmazonEKSClusterAdminPolicy"
# https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html: what EKS refuses as a group's name.
_RESERVED_GROUPS = ("system:", "eks:", "aws:", "amazon:", "iam:")
_UPDATE_PATH = re.compile(r"/clusters/([A-Za-z0-9_-]+)/updates/([A-Za-z0-9-]+)")
_ADDON_PATH = re.compile(r"/clusters/([A-Za-z0-9_-]+)/addons/([A-Za-z0-9_.-]+?)(?:/update)?")


@dataclass
class EksApi:
    """Stands before ministack's EKS; `monotonic` in seconds."""

    eks: ModuleType
    monotonic: Callable[[], float]
    _updates: dict[tuple[str, str, str, str], tuple[dict[str, Any], str, float]] = field(default_factory=dict)
    """Account, Region, cluster and id → the update, its add-on and when it is done."""

    def install(self, replace: Callable[[ModuleType, str, object], None], responses: ModuleType) -> None:
        """Put everything in its place in ministack."""
        self._responses = responses
        self._review = self.eks._authenticate_token_review
        self._create_entry, self._update_entry = self.eks._create_access_entry, self.eks._update_access_entry
        self._update_addon, self._handle = self.eks._update_addon, self.eks._handle_request_sync
        replace(self.eks, "_authenticate_token_review", self.review)
        replace(self.eks, "_create_access_entry", self.create_entry)
        replace(self.eks, "_update_access_entry", self.update_entry)
        replace(self.eks, "_update_addon", self.update_addon)
        replace(self.eks, "_handle_request_sync", self.handle)
        # With Docker at hand ministack would start Kubernetes in it and announce that as the cluster.
        replace(self.eks, "_get_docker", lambda: None)

    def review(self, cluster: str, account: str, region: str, review: Any, secret: str = "") -> Answer:
        """Review a token; a principal with the cluster-admin policy at cluster scope is administrator, nobody else."""
        status, headers, body = self._review(cluster, account, region, review, secret)
        answer = json.loads(body)
        user = answer["status"].get("user")
        if user is not None and self._is_admin(cluster, account, region, set(user["groups"])):
            user["groups"].append(_MASTERS)
            body = json.dumps(answer).encode()
        return status, headers, body

    def _is_admin(self, cluster: str, account: str, region: str, groups: set[str]) -> bool:
        return any(
            association["accessScope"]["type"] == "cluster"
            and self.eks._access_policy_name(policy) == _ADMIN_POLICY
            and self.eks._access_policy_group(cluster, principal, policy) in groups
            for principal, policy, association in self.eks._access_policy_associations(cluster, account, region)
        )

    def create_entry(self, cluster: str, body: dict[str, Any]) -> Answer:
        answer: Answer = self._closed(cluster) or self._refused(body) or self._create_entry(cluster, body)
        return answer

    def update_entry(self, cluster: str, principal: str, body: dict[str, Any]) -> Answer:
        answer: Answer = self._refused(body) or self._update_entry(cluster, principal, body)
        return answer

    def _closed(self, cluster: str) -> Answer | None:
        """Refuse an entry of a cluster whose authentication mode knows none; EKS does so before anything else."""
        access = self.eks._clusters.get(cluster, {}).get("accessConfig", {})
        if access.get("authenticationMode") != "CONFIG_MAP":
            return None
        message = "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this "
        return self._error(400, "InvalidRequestException", message + "operation.")

    def _refused(self, body: dict[str, Any]) -> Answer | None:
        for group in body.get("kubernetesGroups") or ():
            if group.startswith(_RESERVED_GROUPS):
                prefixes = ", ".join(_RESERVED_GROUPS)
                message = f"The kubernetes group name {group} is invalid, it cannot start with {prefixes}"
                return self._error(400, "InvalidParameterException", message)
        return None

    def update_addon(self, cluster: str, addon: str, body: dict[str, Any]) -> Answer:
        """Change an add-on at once; the update is in progress for a while, and another one is refused meanwhile."""
        now = self.monotonic()
        scope = (self._responses.get_account_id(), self._responses.get_region(), cluster)
        if any(key[:3] == scope and name == addon and now < done for key, (_, name, done) in self._updates.items()):
            return self._error(409, "ResourceInUseException", f"Addon {addon} cannot be updated as it is updating.")
        answer: Answer = self._update_addon(cluster, addon, body)
        if answer[0] == 200:  # noqa: PLR2004 -- HTTP
            update = {**json.loads(answer[2])["update"], "status": "InProgress", "params": [], "errors": []}
            self._updates[(*scope, update["id"])] = (update, addon, now + UPDATE_SECONDS)
            answer = (200, answer[1], json.dumps({"update": update}).encode())
        return answer

    def handle(self, method: str, path: str, headers: Any, body: bytes, query: dict[str, Any]) -> Answer:
        match = _UPDATE_PATH.fullmatch(path)
        if match is not None and method == "GET":
            return self.describe_update(match[1], match[2], _one(query.get("addonName")))
        answer: Answer = self._handle(method, path, headers, body, query)
        return answer

    def describe_update(self, cluster: str, identifier: str, addon: str) -> Answer:
        """Answer an update of an add-on, as ministack has no other; the caller names the add-on, as EKS wants it."""
        key = (self._responses.get_account_id(), self._responses.get_region(), cluster, identifier)
        update, name, done = self._updates.get(key, ({}, "", 0.0))
        if not update or name != addon:
            return self._error(404, "ResourceNotFoundException", f"No update found for ID: {identifier}")
        status = "InProgress" if self.monotonic() < done else "Successful"
        return 200, {"Content-Type": "application/json"}, json.dumps({"update": {**update, "status": status}}).encode()

    def _error(self, status: int, code: str, message: str) -> Answer:
        answer: Answer = self.eks._error(status, code, message)
        return answer


def resource_of(eks: ModuleType, original: Callable[..., str]) -> Callable[..., str]:
    """Return which ARN a request is about; for one add-on that is the add-on's, not the cluster's.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelastickubernetesservice.html
    """

    def resource(service: str, method: str, path: str, *rest: Any) -> str:
        match = _ADDON_PATH.fullmatch(urllib.parse.unquote(path)) if service == "eks" else None
        if match is None:
            return original(service, method, path, *rest)
        addon = eks._addons.get(f"{match[1]}/{match[2]}")
        arn: str = addon["addonArn"] if addon else eks._addon_arn(match[1], match[2])
        return arn

    return resource


def _one(value: Any) -> str:
    return str(value[0] if isinstance(value, list) and value else value or "")
