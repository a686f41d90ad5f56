"""The command line of each program of a control plane; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.controlplane.spec import API_AUDIENCE, LOOPBACK, ClusterSpec, Ports

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the files of one cluster are, below its folder."""

    folder: Path

    @property
    def pki(self) -> Path:
        return self.folder / "pki"

    @property
    def data(self) -> Path:
        return self.folder / "etcd"

    @property
    def webhook(self) -> Path:
        return self.folder / "token-webhook.yaml"

    @property
    def audit_policy(self) -> Path:
        return self.folder / "audit-policy.yaml"

    @property
    def scheduler(self) -> Path:
        return self.folder / "scheduler.yaml"

    def kubeconfig(self, user: str) -> Path:
        return self.folder / f"{user}.kubeconfig"

    def log(self, program: str) -> Path:
        return self.folder / "logs" / f"{program}.log"


def etcd(spec: ClusterSpec, ports: Ports) -> tuple[str, ...]:
    pki = Layout(spec.folder).pki
    client = f"https://{spec.address}:{ports.etcd}"
    peer = f"https://{spec.address}:{ports.etcd_peer}"
    return (
        f"--name={spec.name}",
        f"--data-dir={Layout(spec.folder).data}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster={spec.name}={peer}",
        "--client-cert-auth",
        f"--trusted-ca-file={pki / 'ca.crt'}",
        f"--cert-file={pki / 'server.crt'}",
        f"--key-file={pki / 'server.key'}",
        "--peer-client-cert-auth",
        f"--peer-trusted-ca-file={pki / 'ca.crt'}",
        f"--peer-cert-file={pki / 'server.crt'}",
        f"--peer-key-file={pki / 'server.key'}",
        # The data outlives the process but not a power cut; waiting for the disk would be most of each write's time.
        "--unsafe-no-fsync",
        "--log-level=warn",
    )


def api_server(spec: ClusterSpec, ports: Ports) -> tuple[str, ...]:
    layout = Layout(spec.folder)
    pki = layout.pki
    return (
        f"--etcd-servers=https://{spec.address}:{ports.etcd}",
        f"--etcd-cafile={pki / 'ca.crt'}",
        f"--etcd-certfile={pki / 'etcd-client.crt'}",
        f"--etcd-keyfile={pki / 'etcd-client.key'}",
        f"--secure-port={ports.api_server}",
        *_reached(spec, layout),
        f"--tls-cert-file={pki / 'server.crt'}",
        f"--tls-private-key-file={pki / 'server.key'}",
        f"--client-ca-file={pki / 'ca.crt'}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--service-cluster-ip-range={','.join(spec.service_cidrs)}",
        f"--service-account-issuer={spec.issuer}",
        f"--api-audiences={API_AUDIENCE}",
        f"--service-account-key-file={pki / 'sa.pub'}",
        f"--service-account-signing-key-file={pki / 'sa.key'}",
        "--profiling=false",
        *_token_webhook(spec, layout),
        *_audit(spec, layout),
    )


def controller_manager(spec: ClusterSpec, ports: Ports) -> tuple[str, ...]:
    layout = Layout(spec.folder)
    return (
        f"--kubeconfig={layout.kubeconfig('kube-controller-manager')}",
        *_serving(spec, ports.controller_manager),
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        f"--root-ca-file={layout.pki / 'ca.crt'}",
        f"--service-account-private-key-file={layout.pki / 'sa.key'}",
        f"--cluster-signing-cert-file={layout.pki / 'ca.crt'}",
        f"--cluster-signing-key-file={layout.pki / 'ca.key'}",
        # The defaults of 20 per second would be the slowest part of scaling a Deployment.
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--endpointslice-updates-batch-period=0s",
        # It makes the folder if it is missing, and the default is outside of ours.
        f"--flex-volume-plugin-dir={spec.folder / 'flexvolume'}",
        # Nobody renews the leases of simulated nodes.
        *(() if spec.machine else ("--node-monitor-grace-period=8760h",)),
        "--profiling=false",
    )


def scheduler(spec: ClusterSpec, ports: Ports) -> tuple[str, ...]:
    return (f"--config={Layout(spec.folder).scheduler}", *_serving(spec, ports.scheduler))


def kwok(spec: ClusterSpec, ports: Ports, stages: Path) -> tuple[str, ...]:
    return (
        f"--kubeconfig={Layout(spec.folder).kubeconfig('kwok')}",
        f"--config={stages}",
        "--manage-all-nodes=true",
        # Without leases a restarted KWOK need not wait for those of the one before.
        "--node-lease-duration-seconds=0",
        f"--server-address={LOOPBACK}:{ports.kwok}",
    )


def scheduler_config(spec: ClusterSpec) -> dict[str, object]:
    """Content of the scheduler's `--config`: the only place for its client's rate."""
    return {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "leaderElection": {"leaderElect": False},
        "clientConnection": {
            "kubeconfig": str(Layout(spec.folder).kubeconfig("kube-scheduler")),
            "qps": 500,
            "burst": 1000,
        },
    }


def audit_policy() -> dict[str, object]:
    """Who did what to which object, once per request, without bodies."""
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [{"level": "Metadata"}],
    }


def _reached(spec: ClusterSpec, layout: Layout) -> tuple[str, ...]:
    """Where the API server listens, what its own Service leads to, and how it gets to kubelets."""
    if spec.machine is None:
        # Endpoints may not name a loopback address, so the `kubernetes` Service stays without any.
        return (f"--bind-address={LOOPBACK}", f"--advertise-address={LOOPBACK}", "--endpoint-reconciler-type=none")
    return (
        "--bind-address=::",
        f"--advertise-address={spec.machine.advertised}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--kubelet-certificate-authority={layout.pki / 'ca.crt'}",
        f"--kubelet-client-certificate={layout.pki / 'admin.crt'}",
        f"--kubelet-client-key={layout.pki / 'admin.key'}",
    )


def _serving(spec: ClusterSpec, port: int) -> tuple[str, ...]:
    layout = Layout(spec.folder)
    return (
        f"--bind-address={spec.address}",
        f"--secure-port={port}",
        f"--tls-cert-file={layout.pki / 'server.crt'}",
        f"--tls-private-key-file={layout.pki / 'server.key'}",
    )


def _token_webhook(spec: ClusterSpec, layout: Layout) -> tuple[str, ...]:
    if spec.token_webhook is None:
        return ()
    return (
        f"--authentication-token-webhook-config-file={layout.webhook}",
        "--authentication-token-webhook-version=v1",
        f"--authentication-token-webhook-cache-ttl={spec.token_webhook.cache_seconds:g}s",
    )


def _audit(spec: ClusterSpec, layout: Layout) -> tuple[str, ...]:
    if not spec.audit:
        return ()
    return (f"--audit-policy-file={layout.audit_policy}", f"--audit-log-path={spec.audit_log}")
