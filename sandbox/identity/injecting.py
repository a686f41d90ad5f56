"""What EKS's Pod Identity webhook adds to a Pod whose ServiceAccount has an association; pure.

Names, paths and lifetime are those of amazon-eks-pod-identity-webhook.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.identity.review import AUDIENCE

if TYPE_CHECKING:
    from collections.abc import Mapping

VOLUME: Final = "eks-pod-identity-token"
FOLDER: Final = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"
_TOKEN_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class Injection:
    """Where the agent of the Pod's node is, and further variables; those that a container has already stay."""

    uri: str
    variables: Mapping[str, str]

    def patch(self, pod: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the JSON patch (RFC 6902) that gives a Pod's containers and init containers their identity."""
        spec = pod["spec"]
        kinds = [kind for kind in ("initContainers", "containers") if spec.get(kind)]
        changed: dict[str, Any] = {kind: [self._equipped(container) for container in spec[kind]] for kind in kinds}
        changed["volumes"] = [item for item in spec.get("volumes") or [] if item["name"] != VOLUME] + [_volume()]
        return [{"op": "add", "path": f"/spec/{name}", "value": value} for name, value in changed.items()]

    def _equipped(self, container: Mapping[str, Any]) -> dict[str, Any]:
        has, mounted = container.get("env") or [], container.get("volumeMounts") or []
        wanted = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": self.uri,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": f"{FOLDER}/{VOLUME}",
            **self.variables,
        }
        missing = wanted.keys() - {item["name"] for item in has}
        added = [{"name": name, "value": value} for name, value in wanted.items() if name in missing]
        mounts = [item for item in mounted if item["name"] != VOLUME]
        mounts.append({"name": VOLUME, "mountPath": FOLDER, "readOnly": True})
        return {**container, "env": [*has, *added], "volumeMounts": mounts}


def _volume() -> dict[str, Any]:
    token = {"audience": AUDIENCE, "expirationSeconds": _TOKEN_SECONDS, "path": VOLUME}
    return {"name": VOLUME, "projected": {"sources": [{"serviceAccountToken": token}]}}
