"""The watchers as processes beside their clusters: ServiceAccount token, Pod Identity, and nothing else of the host."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from cloudmap_mcs.install.names import SYSTEM_NAMESPACE, WATCHER
from sandbox.controlplane.credentials import Grant, MountedToken, mount_credentials
from sandbox.identity.config import ApiServer, Config, read_config
from sandbox.identity.server import credentials_url
from sandbox.process import Child, Command

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.aws.server import LocalAws
    from sandbox.process import Processes
    from sandbox.sandbox import Member

POD_IDENTITY_AUDIENCE: Final = "pods.eks.amazonaws.com"
_TOKEN_SECONDS: Final = 24 * 3600
"""Nobody renews them once the sandbox was left running, so they last a day."""
_READY_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands in for nodes: it runs watchers as processes and gives them what a kubelet and EKS would."""

    aws: LocalAws
    root: Path
    folder: Path
    processes: Processes

    def start_identity(self, member: Member, port: int) -> Child:
        """Start the Pod Identity endpoint of one cluster."""
        api = ApiServer(member.server, str(member.ca), str(member.certificate), str(member.key))
        file, aws = self._identity_file(member), self.aws
        file.parent.mkdir(parents=True, exist_ok=True)
        Config(port, member.account, member.region, aws.host, aws.port, {member.eks: api}).write(file)
        command = Command(
            f"pod-identity-{member.id}",
            (sys.executable, "-m", "sandbox.identity", str(file)),
            self.root,
            file.with_name("pod-identity.log"),
            {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(self.root)},
        )
        child = self.processes.start(command)
        child.wait_until(lambda: answers(f"http://127.0.0.1:{port}/"), timeout=_READY_SECONDS)
        return child

    def _identity_file(self, member: Member) -> Path:
        return self.folder / "watchers" / member.id / "identity.json"

    def start_watcher(self, member: Member, *, health_port: int) -> Child:
        """Start a watcher with the environment of the cluster's Deployment; return when it has read its cluster."""
        home = self.folder / "watchers" / member.id
        pod_token = mount(member, home)
        variables = {**deployed_environment(member), **self._variables(member, home, pod_token)}
        variables["MCS_HEALTH_PORT"] = str(health_port)
        arguments = (sys.executable, "-m", "cloudmap_mcs.watcher")
        child = self.processes.start(Command(f"watcher-{member.id}", arguments, home, home / "watcher.log", variables))
        child.wait_until(lambda: answers(f"http://127.0.0.1:{health_port}/readyz", well=True), timeout=_READY_SECONDS)
        return child

    def _variables(self, member: Member, home: Path, pod_token: Path) -> dict[str, str]:
        server = urlsplit(member.pod_server)
        return {
            "MCS_KUBE_CREDENTIALS": str(home / "serviceaccount"),
            "KUBERNETES_SERVICE_HOST": str(server.hostname),
            "KUBERNETES_SERVICE_PORT": str(server.port),
            "POD_NAME": f"watcher-{member.id}",
            "MCS_HEALTH_HOST": "127.0.0.1",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": credentials_url(
                read_config(self._identity_file(member)).port, member.eks
            ),
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(pod_token),
            "AWS_ENDPOINT_URL": self.aws.endpoint,
            "AWS_ENDPOINT_URL_SERVICEDISCOVERY": self.aws.cloudmap_url,
            "AWS_REGION": member.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(self.root),
            "PYTHONUNBUFFERED": "1",
        }


def deployed_environment(member: Member) -> dict[str, str]:
    """Read the variables of the watcher's Deployment: whatever the installer wrote there is what the watcher gets."""
    deployment = member.client().get(f"/apis/apps/v1/namespaces/{SYSTEM_NAMESPACE}/deployments/{WATCHER}")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    variables = {item["name"]: item["value"] for item in container["env"] if "value" in item}
    # Python finds the code in this checkout, not where the bundle would be unpacked.
    return {name: value for name, value in variables.items() if name != "PYTHONPATH"}


def mount(member: Member, home: Path) -> Path:
    """Write the ServiceAccount's tokens as a kubelet would; returns the file of the one for Pod Identity."""
    now = datetime.now(UTC)  # noqa: TID251 - tokens begin now
    client = member.client()
    grant = Grant(SYSTEM_NAMESPACE, WATCHER, seconds=_TOKEN_SECONDS)
    mount_credentials(client, grant, home / "serviceaccount", ca_file=member.pod_ca, now=now)
    pod_token = home / "pod-identity-token"
    audience = Grant(SYSTEM_NAMESPACE, WATCHER, (POD_IDENTITY_AUDIENCE,), seconds=_TOKEN_SECONDS)
    MountedToken(client, audience, pod_token).refresh(now)
    return pod_token


def answers(url: str, *, well: bool = False) -> bool:
    """Tell whether a server on loopback answers, and with `well`, whether it says that all is well."""
    try:
        with urllib.request.urlopen(url, timeout=1.0):  # noqa: S310 - our own server on loopback
            return True
    except urllib.error.HTTPError:
        return not well
    except OSError:
        return False
