"""Pod Identity on a real node: EKS's agent and webhook of one cluster, and what its Pods find in place of AWS."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from sandbox.identity.config import ApiServer, NodeConfig
from sandbox.identity.server import AGENT_PATH
from sandbox.identity.webhook import configuration
from sandbox.nodes.addresses import IPV4, IPV6, POD_IDENTITY, VPC
from sandbox.process import Command

if TYPE_CHECKING:
    from sandbox.aws.server import LocalAws
    from sandbox.nodes.addresses import Addresses
    from sandbox.sandbox import Member

# On the node, whose API server has a port from below 32,000 and above 20,000.
_WEBHOOK_PORT: Final = 9443


def agent_command(member: Member, its: Addresses, aws: LocalAws, *, enter: tuple[str, ...], sources: Path) -> Command:
    """Write what the process of a cluster's node is told, and return how to start it in the node's network."""
    folder = Path(member.kubeconfig).parent
    main = its.families[0]
    serving = member.ca.with_name("server.crt"), member.ca.with_name("server.key")
    told = folder / "pod-identity.json"
    NodeConfig(
        cluster=member.eks,
        api=ApiServer(member.server, str(member.ca), str(member.certificate), str(member.key)),
        account=aws.account,
        region=aws.region,
        aws_host=aws.host,
        aws_port=aws.port,
        addresses=tuple(POD_IDENTITY.values()),
        uri=f"http://{_bracketed(POD_IDENTITY[main])}{AGENT_PATH}",
        variables=variables(its, aws),
        webhook=_webhook(its),
        serving=(str(serving[0]), str(serving[1])),
    ).write(told)
    return Command(
        f"{member.id}/pod-identity",
        (*enter, sys.executable, "-m", "sandbox.identity.node", str(told)),
        sources,
        folder / "logs" / "pod-identity.log",
        {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(sources)},
    )


def variables(its: Addresses, aws: LocalAws) -> dict[str, str]:
    """Return what leads Pods to the local AWS: the webhook's own variables, and what the machine is in place of AWS."""
    host = VPC[IPV4] if IPV4 in its.families else VPC[IPV6]
    return {
        "AWS_REGION": aws.region,
        "AWS_DEFAULT_REGION": aws.region,
        "AWS_STS_REGIONAL_ENDPOINTS": "regional",
        "AWS_ENDPOINT_URL": f"http://{_bracketed(host)}:{aws.port}",
        "AWS_ENDPOINT_URL_SERVICEDISCOVERY": f"http://{_bracketed(host)}:{_cloudmap_port(aws)}",
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def relay_command(aws: LocalAws, *, folder: Path, sources: Path) -> Command:
    """Return how to start what makes the local AWS and Cloud Map reachable over IPv6, in the VPC's network."""
    ports = (str(aws.port), str(_cloudmap_port(aws)))
    return Command(
        "relay",
        (sys.executable, "-m", "sandbox.nodes.relay", VPC[IPV6], VPC[IPV4], *ports),
        sources,
        folder / "relay.log",
        {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(sources)},
    )


def webhook_manifest(its: Addresses, *, ca: Path) -> dict[str, Any]:
    """Return what makes a cluster's API server ask the webhook about new Pods."""
    return configuration(_webhook(its), ca=ca.read_bytes())


def listens(its: Addresses) -> bool:
    """Tell whether the process is at work: the webhook is what it starts last."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(_webhook(its)) == 0


def _webhook(its: Addresses) -> tuple[str, int]:
    return its.machine[IPV4], _WEBHOOK_PORT


def _cloudmap_port(aws: LocalAws) -> int:
    port = urlsplit(aws.cloudmap_url).port
    assert port is not None  # noqa: S101 - with real nodes it is always the simulator
    return port


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
