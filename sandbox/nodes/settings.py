"""What each program of a node is told: configuration files and command lines; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.nodes.addresses import VPC

if TYPE_CHECKING:
    from sandbox.nodes.addresses import Addresses

HOME: Final = "/etc/kubernetes"
"""Where the cluster's own folder is seen in the node's file system."""
PROGRAMS: Final = "/usr/local/bin"
SOCKET: Final = "/run/containerd/containerd.sock"
PAUSE: Final = "registry.k8s.io/pause:3.10"


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """One real node: its name, where it is, and the cgroup below which its pods run."""

    name: str
    addresses: Addresses
    zone: str
    region: str
    cgroup: str


def containerd() -> str:
    """Content of containerd's configuration file.

    Without the capability to lower OOM scores, which machines in containers lack, runc fails with an unexplained EOF;
    hence `restrict_oom_score_adj`.
    """
    return f"""version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
oom_score = 0

[grpc]
  address = "{SOCKET}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE}"
  disable_apparmor = true
  restrict_oom_score_adj = true

[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "overlayfs"
  default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "/etc/cni/net.d"
"""


def cni(addresses: Addresses) -> dict[str, Any]:
    """Content of the CNI configuration: a wire per pod, an address of each family, nothing translated."""
    everywhere = {"IPv4": "0.0.0.0/0", "IPv6": "::/0"}
    ipam = {
        "type": "host-local",
        "ranges": [[{"subnet": cidr}] for cidr in addresses.pods],
        "routes": [{"dst": everywhere[family]} for family in addresses.families],
    }
    return {
        "cniVersion": "0.4.0",
        "name": "pods",
        "plugins": [
            {"type": "ptp", "ipMasq": False, "ipam": ipam},
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def resolv_conf(addresses: Addresses) -> str:
    """Content of the node's resolver file: the VPC's resolver, in the main family; in this VPC nobody is there."""
    return f"nameserver {VPC[addresses.families[0]]}\n"


def kubelet(settings: NodeSettings) -> dict[str, Any]:
    """Content of kubelet's configuration file."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{HOME}/pki/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{HOME}/pki/kubelet.crt",
        "tlsPrivateKeyFile": f"{HOME}/pki/kubelet.key",
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": settings.cgroup,
        "failCgroupV1": False,
        "failSwapOn": False,
        "enforceNodeAllocatable": [],
        "oomScoreAdj": 0,
        "clusterDomain": "cluster.local",
        "clusterDNS": list(settings.addresses.dns[:1]),
        "resolvConf": f"{HOME}/resolv.conf",
        "volumePluginDir": "/var/lib/kubelet/volumeplugins",
        # No registry could replace an image that was collected, and the disk is the whole machine's.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
    }


def kubelet_flags(settings: NodeSettings) -> tuple[str, ...]:
    machine = settings.addresses.machine
    labels = {"topology.kubernetes.io/zone": settings.zone, "topology.kubernetes.io/region": settings.region}
    return (
        f"--config={HOME}/kubelet.yaml",
        f"--kubeconfig={HOME}/kubelet.kubeconfig",
        f"--hostname-override={settings.name}",
        f"--node-ip={','.join(machine[family] for family in settings.addresses.families)}",
        f"--node-labels={','.join(f'{key}={value}' for key, value in labels.items())}",
    )


def kube_proxy(settings: NodeSettings) -> dict[str, Any]:
    """Content of kube-proxy's configuration file; zero leaves the machine's connection tracking as it is."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "hostnameOverride": settings.name,
        "detectLocalMode": "ClusterCIDR",
        "clusterCIDR": ",".join(settings.addresses.pods),
        "clientConnection": {"kubeconfig": f"{HOME}/kube-proxy.kubeconfig"},
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
            "udpTimeout": "0s",
            "udpStreamTimeout": "0s",
        },
    }
