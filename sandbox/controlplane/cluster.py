"""One running control plane."""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox.controlplane import flags
from sandbox.controlplane.certificates import write_certificates
from sandbox.controlplane.client import ApiRefusedError, KubeClient
from sandbox.controlplane.kubeconfigs import write_kubeconfig, write_webhook_config
from sandbox.controlplane.nodes import is_usable, node_manifest
from sandbox.controlplane.spec import LOOPBACK, ClusterSpec, Ports
from sandbox.errors import SandboxError
from sandbox.process import Child, Command, Processes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

WITHOUT_NODES: Final = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
PROGRAMS: Final = (*WITHOUT_NODES, "kwok")
_STAGES: Final = Path(__file__).with_name("stages.yaml")
_START_SECONDS: Final = 90.0


class ControlPlane:
    """A cluster whose programs run as our child processes; everything it keeps is in the folder of its spec.

    On a machine of its own there is no KWOK: whoever makes the machine starts the node.
    Starting it on a folder that was used before continues with the same objects, certificates and tokens.
    """

    def __init__(self, spec: ClusterSpec, ports: Ports, *, binaries: Mapping[str, Path], processes: Processes) -> None:
        self.spec = spec
        self.ports = ports
        self.server = f"https://{spec.address}:{ports.api_server}"
        self._programs = PROGRAMS if spec.machine is None else WITHOUT_NODES
        self._layout = flags.Layout(spec.folder)
        self._binaries = binaries
        self._processes = processes
        self._children: dict[str, Child] = {}

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def ca_file(self) -> Path:
        return self._layout.pki / "ca.crt"

    @property
    def kubeconfig(self) -> Path:
        """The cluster administrator's kubeconfig."""
        return self._layout.kubeconfig("admin")

    @property
    def children(self) -> Mapping[str, Child]:
        """Return the running programs by name."""
        return self._children

    def client(self, token: str | None = None) -> KubeClient:
        """Open a client as administrator, or as whoever a bearer token stands for."""
        return KubeClient(self.server, self.ca_file, certificate=None if token else self._pair("admin"), token=token)

    def start(self, now: datetime) -> None:
        """Start all programs and return when pods can be scheduled; SandboxError with the log of what failed.

        What was started is stopped again on any failure.
        """
        self._write_files(now)
        try:
            for program in self._programs[:2]:
                self._launch(program)
                self._wait(program)
            for program in self._programs[2:]:
                self._launch(program)
            if self.spec.machine is None:
                self._register_nodes()
                self.wait_until_ready()
            else:
                self._wait_for_programs(_START_SECONDS)
        except BaseException:
            self.stop()
            raise

    def wait_until_ready(self, timeout: float = _START_SECONDS) -> None:
        """Return when every program is healthy and new pods would get an account and a node."""
        self._wait_for_programs(timeout)
        client = self.client()
        self._children["kube-controller-manager"].wait_until(lambda: _takes_pods(client, self.spec), timeout=timeout)

    def stop(self) -> None:
        """End all programs, those that need the API server first."""
        for programs in (self._programs[2:], self._programs[1:2], self._programs[:1]):
            self._processes.stop(*(self._children.pop(name) for name in programs if name in self._children))

    def restart(self, program: str) -> None:
        """End one program and start it again with the same data and port."""
        self._processes.stop(self._children.pop(program))
        self._launch(program)
        self._wait(program)

    def _launch(self, program: str) -> None:
        command = Command(
            name=f"{self.name}/{program}",
            arguments=(*self._enter, str(self._binaries[program]), *self._flags(program)),
            folder=self.spec.folder,
            log=self._layout.log(program),
            # HOME keeps KWOK from reading the user's own ~/.kwok.
            environment={"PATH": os.defpath, "HOME": str(self.spec.folder)},
            # Asked politely, the API server waits up to a minute for its watchers; it has no state to save.
            stop_signal=signal.SIGKILL if program == "kube-apiserver" else signal.SIGTERM,
        )
        self._children[program] = self._processes.start(command)

    def _flags(self, program: str) -> tuple[str, ...]:
        match program:
            case "etcd":
                return flags.etcd(self.spec, self.ports)
            case "kube-apiserver":
                return flags.api_server(self.spec, self.ports)
            case "kube-controller-manager":
                return flags.controller_manager(self.spec, self.ports)
            case "kube-scheduler":
                return flags.scheduler(self.spec, self.ports)
            case "kwok":
                return flags.kwok(self.spec, self.ports, _STAGES)
        raise SandboxError(f"a control plane runs no {program}; it runs {', '.join(PROGRAMS)}")

    @property
    def _enter(self) -> tuple[str, ...]:
        return self.spec.machine.enter if self.spec.machine else ()

    def _wait_for_programs(self, timeout: float) -> None:
        for program in self._programs:
            self._wait(program, timeout)

    def _wait(self, program: str, timeout: float = _START_SECONDS) -> None:
        address = self.spec.address
        url, path, user = {
            "etcd": (f"https://{address}:{self.ports.etcd}", "/readyz", "etcd-client"),
            "kube-apiserver": (self.server, "/readyz", "admin"),
            "kube-controller-manager": (f"https://{address}:{self.ports.controller_manager}", "/healthz", "admin"),
            "kube-scheduler": (f"https://{address}:{self.ports.scheduler}", "/readyz", "admin"),
            "kwok": (f"http://{LOOPBACK}:{self.ports.kwok}", "/healthz", "admin"),
        }[program]
        client = KubeClient(url, self.ca_file, certificate=self._pair(user))
        self._children[program].wait_until(lambda: client.is_up(path), timeout=timeout)
        client.close()

    def _pair(self, user: str) -> tuple[Path, Path]:
        return self._layout.pki / f"{user}.crt", self._layout.pki / f"{user}.key"

    def _write_files(self, now: datetime) -> None:
        self.spec.folder.mkdir(parents=True, exist_ok=True)
        write_certificates(self._layout.pki, self.spec, now)
        self._layout.data.mkdir(mode=0o700, exist_ok=True)
        for user in ("admin", "kube-controller-manager", "kube-scheduler", *self._node_users()):
            path = self._layout.kubeconfig(user)
            write_kubeconfig(path, cluster=self.name, server=self.server, pki=self._layout.pki, user=user)
        # JSON is YAML.
        self._layout.scheduler.write_text(json.dumps(flags.scheduler_config(self.spec)))
        if self.spec.audit:
            self._layout.audit_policy.write_text(json.dumps(flags.audit_policy()))
        if self.spec.token_webhook is not None:
            write_webhook_config(self._layout.webhook, self.spec.token_webhook)

    def _node_users(self) -> tuple[str, ...]:
        return ("kube-proxy", "kubelet") if self.spec.machine else ("kwok",)

    def _register_nodes(self) -> None:
        client = self.client()
        for index in range(self.spec.nodes):
            try:
                client.create("/api/v1/nodes", node_manifest(self.spec, index))
            except ApiRefusedError as error:
                if error.status != HTTPStatus.CONFLICT:
                    raise


def start_together(planes: Sequence[ControlPlane], processes: Processes, now: datetime) -> None:
    """Start several control planes at the same time; if one fails, or on Ctrl-C, all processes end."""
    with ThreadPoolExecutor(len(planes)) as pool:
        starts = [pool.submit(plane.start, now) for plane in planes]
        try:
            for start in starts:
                start.result()
        except BaseException:
            # Before the pool waits for its threads: without their programs they give up at once.
            processes.close()
            raise


def _takes_pods(client: KubeClient, spec: ClusterSpec) -> bool:
    try:
        client.get("/api/v1/namespaces/default/serviceaccounts/default")
    except ApiRefusedError:
        return False
    nodes = client.get("/api/v1/nodes")["items"]
    return sum(is_usable(node) for node in nodes) >= spec.nodes
