"""Kubeconfig files: for people, for the cluster's own programs, and in the form that names a token webhook."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.controlplane.spec import TokenWebhook


def write_kubeconfig(path: Path, *, cluster: str, server: str, pki: Path, user: str) -> None:
    """Write a self-contained kubeconfig: it keeps working when copied elsewhere."""
    credentials = {
        "client-certificate-data": _encoded(pki / f"{user}.crt"),
        "client-key-data": _encoded(pki / f"{user}.key"),
    }
    location = {"server": server, "certificate-authority-data": _encoded(pki / "ca.crt")}
    _write(path, context=cluster, user=user, location=location, credentials=credentials)


def write_webhook_config(path: Path, webhook: TokenWebhook) -> None:
    """Write the file behind `--authentication-token-webhook-config-file`."""
    location = {"server": webhook.url}
    if webhook.ca_file is not None:
        location["certificate-authority-data"] = _encoded(webhook.ca_file)
    _write(path, context="webhook", user="kube-apiserver", location=location, credentials={})


def _write(path: Path, *, context: str, user: str, location: dict[str, str], credentials: dict[str, str]) -> None:
    config: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": context, "cluster": location}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": context, "context": {"cluster": context, "user": user}}],
        "current-context": context,
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(config, sort_keys=False))


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
