"""Apply and delete manifests of any kind, also of kinds that the manifests before them define."""

from __future__ import annotations

import time
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import yaml

from sandbox.controlplane.client import APPLY, ApiRefusedError, KubeClient
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterable

FIELD_MANAGER: Final = "sandbox"
_SERVED_WITHIN_SECONDS: Final = 15.0
_POLL_SECONDS: Final = 0.1


def parse(text: str) -> list[dict[str, Any]]:
    """Manifests of a YAML stream, in order; the items of a List stand for themselves."""
    found: list[dict[str, Any]] = []
    for document in yaml.safe_load_all(text):
        if document:
            found += document["items"] if document["kind"].endswith("List") else [document]
    return found


def apply(client: KubeClient, manifests: Iterable[dict[str, Any]], *, timeout: float = _SERVED_WITHIN_SECONDS) -> None:
    """Server-side apply in the given order, taking over fields from other managers; safe to repeat.

    A kind that is not served yet is waited for up to `timeout` seconds, as a CRD just applied takes a moment;
    then KindNotServedError.
    """
    for manifest in manifests:
        path = _path(client, manifest, timeout)
        client.patch(f"{path}?fieldManager={FIELD_MANAGER}&force=true", manifest, content_type=APPLY)


def delete(client: KubeClient, manifests: Iterable[dict[str, Any]]) -> None:
    """Ask for deletion in reverse order; what is gone already is fine, and so is a kind that is not served."""
    for manifest in reversed(list(manifests)):
        with suppress(KindNotServedError):
            path = _path(client, manifest, 0)
            _delete_if_there(client, path)


class KindNotServedError(SandboxError):
    """The API server knows no such kind."""


def _delete_if_there(client: KubeClient, path: str) -> None:
    try:
        client.delete(path)
    except ApiRefusedError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise


def _path(client: KubeClient, manifest: dict[str, Any], timeout: float) -> str:
    version, kind, metadata = manifest["apiVersion"], manifest["kind"], manifest["metadata"]
    deadline = time.monotonic() + timeout
    while (resource := _served(client, version, kind)) is None:
        if time.monotonic() >= deadline:
            raise KindNotServedError(f"{kind} {metadata['name']}: {client.server} serves no {version} {kind}")
        time.sleep(_POLL_SECONDS)
    namespace = f"/namespaces/{metadata.get('namespace', 'default')}" if resource["namespaced"] else ""
    return f"{_root(version)}{namespace}/{resource['name']}/{metadata['name']}"


def _served(client: KubeClient, version: str, kind: str) -> dict[str, Any] | None:
    try:
        resources = client.get(_root(version))["resources"]
    except ApiRefusedError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return None
    return next((r for r in resources if r["kind"] == kind and "/" not in r["name"]), None)


def _root(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"
