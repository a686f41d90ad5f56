"""The user's kubeconfig: which clusters its contexts mean, and as whom."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from kubernetes.client import Configuration
from kubernetes.config import ConfigException, load_kube_config
from kubernetes.config.kube_config import KubeConfigMerger
from yaml import YAMLError

from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DEFAULT: Final = "~/.kube/config"
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,43}[a-z0-9])?")
_LONGEST: Final = 45
_HASH: Final = 8


@dataclass(frozen=True, slots=True)
class Context:
    """One cluster of the user's: the id it gets, its API server and the CA (PEM) that vouches for it."""

    name: str
    cluster: str
    server: str
    ca: bytes


def kubeconfig_of(environ: Mapping[str, str]) -> str:
    """Return what kubectl would read: one absolute path, or several with colons."""
    paths = (environ.get("KUBECONFIG") or _DEFAULT).split(os.pathsep)
    return os.pathsep.join(str(Path(path).expanduser().absolute()) for path in paths if path)


def cluster_id(context: str) -> str:
    """Make a cluster id of a context's name: the name itself if it is a DNS label of at most 45 characters.

    Any other name is made one and gets a hash of itself, so that no two contexts have the same id.
    """
    if _LABEL.fullmatch(context):
        return context
    label = re.sub(r"[^a-z0-9]+", "-", context.lower())[: _LONGEST - _HASH - 1].strip("-")
    return f"{label}-{hashlib.sha256(context.encode()).hexdigest()[:_HASH]}".strip("-")


def read_contexts(kubeconfig: str, names: Sequence[str], *, scratch: Path) -> tuple[Context, ...]:
    """Read the named contexts; SandboxError for one that is not there or cannot be attached to.

    Credential plugins are run; what is embedded in the kubeconfig is written below `scratch` until we end.
    """
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise SandboxError(f"context {repeated[0]} is named twice")
    known = _names(kubeconfig)
    missing = [name for name in names if name not in known]
    if missing:
        raise SandboxError(
            f"the kubeconfig {kubeconfig} has no context {', '.join(missing)}; it has {', '.join(known) or 'none'}"
        )
    return tuple(_read(kubeconfig, name, scratch) for name in names)


def _names(kubeconfig: str) -> list[str]:
    """Return the names of all contexts; the client's own list wants a current one, which is not needed here."""
    try:
        merged = KubeConfigMerger(kubeconfig).config  # type: ignore[no-untyped-call]  # of the client
        return sorted(context["name"] for context in merged["contexts"]) if merged else []
    except (ConfigException, OSError, YAMLError) as error:
        raise SandboxError(f"the kubeconfig {kubeconfig} cannot be used: {error}") from error


def load(kubeconfig: str, context: str, *, scratch: Path) -> Configuration:
    """Load a context as the official client does: certificates, tokens, credential plugins.

    The kubeconfig itself is never written to. SandboxError if it cannot be used.
    """
    configuration = Configuration()
    try:
        load_kube_config(  # type: ignore[no-untyped-call]  # of the client
            kubeconfig, context, configuration, persist_config=False, temp_file_path=str(scratch)
        )
    except ConfigException as error:
        raise SandboxError(f"context {context} of {kubeconfig} cannot be used: {error}") from error
    return configuration


def _read(kubeconfig: str, name: str, scratch: Path) -> Context:
    configuration = load(kubeconfig, name, scratch=scratch)
    address = urlsplit(configuration.host)
    # The watcher reaches the API server as from a pod: by host, port and CA, and in no other way.
    obstacles = {
        f"its server {configuration.host} is not of the form https://HOST[:PORT]": address.scheme != "https"
        or bool(address.path or address.query),
        "it names no certificate authority": not configuration.ssl_ca_cert,
        "it has insecure-skip-tls-verify": not configuration.verify_ssl,
        "it has tls-server-name": bool(configuration.tls_server_name),
        "it has proxy-url": configuration.proxy != Configuration().proxy,
    }
    found = [what for what, there in obstacles.items() if there]
    if found:
        raise SandboxError(f"context {name} cannot be attached: {'; '.join(found)}")
    port = address.port or 443
    return Context(
        name,
        cluster_id(name),
        f"https://{_host(address.hostname)}:{port}",
        Path(str(configuration.ssl_ca_cert)).read_bytes(),
    )


def _host(name: str | None) -> str:
    return f"[{name}]" if name and ":" in name else str(name)
