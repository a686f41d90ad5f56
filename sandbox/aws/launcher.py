"""Starts ministack with what the sandbox needs on top of it; run by the interpreter of ministack's own environment.

It reaches into private names, so it insists on one version and on every name it replaces. On top come: CloudFormation
types, EKS clusters whose API servers somebody else runs, `aws.*` events from PutEvents (so that CloudTrail can be
played), and requests that count as TLS, because the policies that insist on it are real.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from types import ModuleType

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    Application = Callable[[Scope, Receive, Send], Awaitable[None]]

VERSION = "1.5.33"
CLUSTERS_PATH = "/_sandbox/eks-clusters"


def main() -> None:
    """Check the version, put everything in place, serve until SIGTERM."""
    installed = importlib.metadata.version("ministack")
    if installed != VERSION:
        sys.exit(f"this launcher is made for ministack {VERSION}, installed is {installed}")
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    from ministack import app  # noqa: PLC0415 -- only after the check
    from ministack.core import responses  # noqa: PLC0415 -- the same
    from ministack.services import eks, eventbridge  # noqa: PLC0415 -- the same
    from ministack.services.cloudformation import provisioners  # noqa: PLC0415 -- the same

    from sandbox.aws import cloudformation  # noqa: PLC0415 -- only after the path is set

    handlers = provisioners._RESOURCE_HANDLERS  # noqa: SLF001 -- there is no public way
    url = os.environ["AWS_ENDPOINT_URL_SERVICEDISCOVERY"]  # noqa: TID251 -- this is a door
    cloudformation.register(handlers, cloudformation.Inside(eks, eventbridge, responses, url))
    put_events = functools.partial(eventbridge._put_events, allow_aws_source=True)  # noqa: SLF001 -- the same
    replace(eventbridge, "_put_events", put_events)
    # With Docker at hand ministack would start Kubernetes in it and announce that as the cluster.
    replace(eks, "_get_docker", lambda: None)
    replace(app, "app", as_tls(with_clusters(app.app, eks, responses)))
    app.main()


def replace(module: ModuleType, name: str, value: object) -> None:
    """Put something in the place of a function, which must be there."""
    if not callable(getattr(module, name, None)):
        sys.exit(f"this ministack has no {module.__name__}.{name}, unlike the pinned one")
    setattr(module, name, value)


def as_tls(application: Application) -> Application:
    """Let every request count as one over TLS, whose termination the sandbox leaves out."""

    async def tls(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "headers": [*scope["headers"], (b"x-forwarded-proto", b"https")]}
        await application(scope, receive, send)

    return tls


def with_clusters(application: Application, eks: ModuleType, responses: ModuleType) -> Application:
    """Add `PUT /_sandbox/eks-clusters`: announce an API server that runs elsewhere as an EKS cluster.

    The body has account, region, name, version, endpoint, ca (base64 of the PEM) and the webhook's secret.
    """

    async def clusters(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != CLUSTERS_PATH:
            await application(scope, receive, send)
            return
        wanted = json.loads(await _body(receive))
        with responses.request_scope(wanted["account"], wanted["region"]):
            announce(eks, wanted)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return clusters


def announce(eks: ModuleType, wanted: dict[str, str]) -> None:
    """Make or change the cluster of the current account and Region; nobody gets in without an access entry."""
    name = wanted["name"]
    if name not in eks._clusters:  # noqa: SLF001 -- there is no public way
        access = {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
        eks._create_cluster({"name": name, "version": wanted["version"], "roleArn": "", "accessConfig": access})  # noqa: SLF001 -- the same
    cluster = eks._clusters[name]  # noqa: SLF001 -- the same
    cluster["endpoint"] = wanted["endpoint"]
    cluster["certificateAuthority"] = {"data": wanted["ca"]}
    cluster["_auth_token"] = wanted["secret"]


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


if __name__ == "__main__":
    main()
