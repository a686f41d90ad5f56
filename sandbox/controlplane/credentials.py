"""ServiceAccount tokens as a kubelet mounts them, for programs that run beside the cluster instead of in it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.controlplane.client import KubeClient

# A kubelet renews a token when four fifths of its life are over.
_RENEWED_AT: Final = 0.8


@dataclass(frozen=True, slots=True)
class Grant:
    """Whom a token is for: empty `audiences` mean the API server itself; with `pod` it dies with that pod.

    The API server grants no less than 600 `seconds`.
    """

    namespace: str
    service_account: str
    audiences: tuple[str, ...] = ()
    seconds: int = 3600
    pod: str | None = None


@dataclass(frozen=True, slots=True)
class Token:
    value: str
    expires: datetime


def request_token(client: KubeClient, grant: Grant) -> Token:
    """Get a bound token from the TokenRequest API; ApiRefusedError if there is no such ServiceAccount or pod."""
    spec: dict[str, Any] = {"audiences": list(grant.audiences), "expirationSeconds": grant.seconds}
    if grant.pod is not None:
        spec["boundObjectRef"] = {"apiVersion": "v1", "kind": "Pod", "name": grant.pod}
    path = f"/api/v1/namespaces/{grant.namespace}/serviceaccounts/{grant.service_account}/token"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    status = client.create(path, body)["status"]
    return Token(status["token"], datetime.fromisoformat(status["expirationTimestamp"]))


class MountedToken:
    """A token in a file that is kept fresh; readers see the old or the new one, never a part."""

    def __init__(self, client: KubeClient, grant: Grant, path: Path) -> None:
        self._client = client
        self._grant = grant
        self._path = path
        self._due: datetime | None = None

    def refresh(self, now: datetime) -> bool:
        """Write a new token if it is time to; call it as often as you like. Tells whether it wrote one."""
        if self._due is not None and now < self._due:
            return False
        token = request_token(self._client, self._grant)
        fresh = self._path.with_name(f".{self._path.name}.new")
        fresh.touch(mode=0o600)
        fresh.write_text(token.value)
        fresh.replace(self._path)
        self._due = now + timedelta(seconds=(token.expires - now).total_seconds() * _RENEWED_AT)
        return True


def mount_credentials(client: KubeClient, grant: Grant, folder: Path, *, ca_file: Path, now: datetime) -> MountedToken:
    """Fill a folder like /var/run/secrets/kubernetes.io/serviceaccount: token, ca.crt, namespace."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ca_file, folder / "ca.crt")
    (folder / "namespace").write_text(grant.namespace)
    mounted = MountedToken(client, grant, folder / "token")
    mounted.refresh(now)
    return mounted
