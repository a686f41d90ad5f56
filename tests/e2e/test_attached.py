"""The main job on clusters that somebody else runs: `python -m sandbox demo --context … --context …`.

One context gets in by client certificate, the other by a credential plugin; Cloud Map is somebody else's, too.
"""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.cloudmap.server import start
from sandbox.cloudmap.settings import Settings, change
from sandbox.controlplane.client import ApiRefusedError
from sandbox.controlplane.cluster import ControlPlane
from sandbox.pids import ProcessRecord, is_running
from tests.e2e.clusters import Lab, running_lab

pytestmark = pytest.mark.e2e

GROUPS = {"cloudmap-mcs:importer", "system:authenticated"}
ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "123456789012"
BOSS = "/api/v1/namespaces/kube-system/serviceaccounts/boss"
CONTEXTS = ("kind-a", "boss@Kind_B")
NAMED = [part for context in CONTEXTS for part in ("--context", context)]
DEPLOYMENT = "/apis/apps/v1/namespaces/cloudmap-mcs-system/deployments/watcher"
ID_OF_B = "boss-kind-b-ed574992"


@dataclass(frozen=True)
class Attached:
    lab: Lab
    folder: Path
    kubeconfig: str
    cloudmap_url: str

    def run(self, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run the sandbox's command line as a user with this kubeconfig does."""
        return subprocess.run(
            [sys.executable, "-m", "sandbox", *arguments, "--folder", str(folder or self.folder)],
            cwd=ROOT,
            env={**os.environ, "KUBECONFIG": self.kubeconfig, "COLUMNS": "300"},  # noqa: TID251 - a door
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def demo(self) -> subprocess.CompletedProcess[str]:
        return self.run("demo", *NAMED, "--cloudmap-endpoint", self.cloudmap_url)


@dataclass(frozen=True)
class Shown:
    """A demo that came to its end, and what there was right after it."""

    status: int
    output: str
    namespaces: list[bool]
    replicas: list[int]
    processes: list[str]


@pytest.fixture(scope="module")
def attached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attached]:
    folder = tmp_path_factory.mktemp("attached")
    simulator = start(change(Settings(), {"default_account": ACCOUNT}))
    with running_lab(folder / "clusters") as lab:
        a, b = lab.planes
        kubeconfig = f"{by_certificate(folder / 'a.yaml', a)}:{by_plugin(folder, b)}"
        user = Attached(lab, folder / "sandbox", kubeconfig, simulator.url)
        yield user
        user.run("down")
    simulator.stop()


def by_certificate(path: Path, plane: ControlPlane) -> Path:
    return renamed(path, plane, CONTEXTS[0], None)


def by_plugin(folder: Path, plane: ControlPlane) -> Path:
    """A kubeconfig without a current context, whose program fetches a token for 10 minutes each time."""
    client = plane.client()
    client.create(BOSS.removesuffix("/boss"), {"metadata": {"name": "boss"}})
    binding = {
        "metadata": {"name": "boss"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "namespace": "kube-system", "name": "boss"}],
    }
    client.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding)
    token = client.create(f"{BOSS}/token", {"spec": {"expirationSeconds": 3600}})["status"]["token"]
    credential = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": token}}
    plugin = folder / "plugin.sh"
    plugin.write_text(f"#!/bin/sh\necho '{json.dumps(credential)}'\n")
    plugin.chmod(stat.S_IRWXU)
    command = {"apiVersion": "client.authentication.k8s.io/v1", "command": "./plugin.sh", "interactiveMode": "Never"}
    return renamed(folder / "b.yaml", plane, CONTEXTS[1], {"exec": command})


def renamed(path: Path, plane: ControlPlane, context: str, user: dict[str, Any] | None) -> Path:
    content = yaml.safe_load(plane.kubeconfig.read_text())
    del content["current-context"]
    content["clusters"][0]["name"] = content["users"][0]["name"] = context
    content["contexts"] = [{"name": context, "context": {"cluster": context, "user": context}}]
    if user is not None:
        content["users"][0]["user"] = user
    path.write_text(yaml.safe_dump(content))
    return path


def exists(plane: ControlPlane, path: str) -> bool:
    try:
        plane.client().get(path)
    except ApiRefusedError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return False
        raise
    return True


def running(folder: Path) -> list[str]:
    return [process.name for process in ProcessRecord(folder).read() if is_running(process)]


@pytest.fixture(scope="module")
def shown(attached: Attached) -> Shown:
    result, planes = attached.demo(), attached.lab.planes
    assert result.returncode == 0, result.stdout + result.stderr
    return Shown(
        result.returncode,
        result.stdout,
        [exists(plane, "/api/v1/namespaces/shop") for plane in planes],
        [plane.client().get(DEPLOYMENT)["spec"]["replicas"] for plane in planes],
        running(attached.folder),
    )


def test_the_main_job_runs_on_clusters_of_the_users(shown: Shown) -> None:
    assert "Unexport both: all gone" in shown.output.rpartition("From visible")[2]
    assert f"context {CONTEXTS[1]} → cluster id {ID_OF_B}" in shown.output
    assert shown.output.index("installer looks at each first") < shown.output.index("1. A namespace in both clusters")


def test_the_demo_takes_its_namespace_away_and_leaves_what_it_said(shown: Shown) -> None:
    assert shown.namespaces == [False, False]
    assert shown.replicas == [0, 0]


@pytest.mark.usefixtures("shown")
def test_importers_write_as_their_roles_impersonated_by_the_kubeconfigs_user(attached: Attached) -> None:
    log = attached.lab.planes[1].spec.audit_log.read_text()
    events = [event for event in map(json.loads, log.splitlines()) if "impersonatedUser" in event]
    written = [event for event in events if event["verb"] in {"create", "update", "patch", "delete"}]

    assert {event["objectRef"]["resource"] for event in written} >= {"serviceimports", "services", "endpointslices"}
    assert {event["user"]["username"] for event in events} == {"system:serviceaccount:kube-system:boss"}
    groups = {
        event["impersonatedUser"]["username"].split("/")[1]: set(event["impersonatedUser"]["groups"])
        for event in events
    }
    importer, installer = (f"cloudmap-mcs-demo-{ID_OF_B}-{what}-us-east-1" for what in ("importer", "installer"))
    assert set(groups) == {importer, installer}
    assert groups[importer] == GROUPS
    assert "system:masters" in groups[installer]


def test_down_ends_every_process_and_says_how_to_remove_the_rest(attached: Attached, shown: Shown) -> None:
    assert {"attached-clusters", "pod-identity-kind-a", "watcher-kind-a", f"watcher-{ID_OF_B}"} <= set(shown.processes)

    down = attached.run("down")
    again = attached.demo()
    emptied = attached.run("down", "--cloudmap-endpoint", attached.cloudmap_url)
    for command in (line for line in down.stdout.splitlines() if line.startswith("  env KUBECONFIG=")):
        subprocess.run(command, shell=True, check=True, timeout=60)  # noqa: S602 - as printed for a shell

    assert running(attached.folder) == []
    assert f"make down CLOUDMAP_ENDPOINT={attached.cloudmap_url}" in down.stdout
    assert (again.returncode, "has a namespace mcs.demo" in again.stdout) == (1, True)
    assert "the clusterset's namespace and" in emptied.stdout
    for plane in attached.lab.planes:
        assert not exists(plane, "/apis/about.k8s.io/v1beta1/clusterproperties/cluster.clusterset.k8s.io")
        assert exists(plane, "/apis/multicluster.x-k8s.io/v1beta1/serviceexports")


def test_one_cluster_under_two_names_is_refused_before_anything_is_written(attached: Attached, tmp_path: Path) -> None:
    plane = attached.lab.planes[0]
    both = [renamed(tmp_path / name, plane, name, None) for name in ("one", "two")]
    user = Attached(attached.lab, tmp_path / "sandbox", ":".join(map(str, both)), "")

    refused = user.run("up", "--context", "one", "--context", "two")

    assert refused.returncode == 1
    assert "one and two are the same cluster" in refused.stdout
    assert running(user.folder) == []
