import os
import stat
import subprocess
from pathlib import Path

import pytest
from kubernetes.client import Configuration
from kubernetes.config import load_kube_config

from sandbox.aws.outputs import Deployed
from sandbox.aws.server import LocalAws
from sandbox.controlplane.kubeconfigs import write_kubeconfig
from sandbox.demo.shell import exports, kubeconfig, kubectl
from sandbox.sandbox import Member, Sandbox

VARIABLES = ("KUBECONFIG", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")


def a_member(folder: Path, name: str, *, context: str = "") -> Member:
    """A member with a kubeconfig of its own, in which the user has the same name as in any other."""
    pki = folder / name
    pki.mkdir()
    for file in ("ca.crt", "admin.crt", "admin.key"):
        (pki / file).write_text(f"{file} of {name}")
    config = folder / f"{name}.kubeconfig"
    server = f"https://{name}.invalid:6443"
    write_kubeconfig(config, cluster=context or name, server=server, pki=pki, user="admin")
    files = pki / "ca.crt", pki / "admin.crt", pki / "admin.key"
    return Member(name, f"sandbox-{name}", server, str(config), *files, server, files[0], context)


def a_sandbox(folder: Path, *members: Member) -> Sandbox:
    aws = LocalAws("123456789012", "us-east-1", 4566, "http://user:secret@127.0.0.1:1")
    deployed = Deployed("ns-1", "arn", "arn", {})
    return Sandbox(folder, aws, {member.id: member for member in members}, deployed, Path("/cache/of kubectl/kubectl"))


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    folder = tmp_path / "it's a sandbox"
    folder.mkdir()
    return a_sandbox(folder, a_member(tmp_path, "east"), a_member(tmp_path, "west"))


def pasted(lines: list[str]) -> dict[str, str]:
    """What a POSIX shell has in its environment after these lines."""
    script = "\n".join([*lines, "env -0"])
    answer = subprocess.run(["sh", "-c", script], env={"PATH": os.defpath}, capture_output=True, text=True, check=True)
    return dict(entry.split("=", 1) for entry in answer.stdout.rstrip("\0").split("\0"))


@pytest.mark.parametrize("name", ["east", "west"])
def test_each_context_of_the_one_kubeconfig_means_its_cluster_and_its_administrator(
    sandbox: Sandbox, tmp_path: Path, name: str
) -> None:
    path = pasted(exports(sandbox))["KUBECONFIG"]
    found = Configuration()
    _, flag, context = kubectl(sandbox.members[name])
    load_kube_config(path, context, found, persist_config=False, temp_file_path=str(tmp_path))  # type: ignore[no-untyped-call]  # of the client

    assert flag == "--context"
    assert found.host == f"https://{name}.invalid:6443"
    for file, expected in (
        (found.ssl_ca_cert, "ca.crt"),
        (found.cert_file, "admin.crt"),
        (found.key_file, "admin.key"),
    ):
        assert Path(str(file)).read_text() == f"{expected} of {name}"


def test_nobody_else_reads_the_administrators_keys(sandbox: Sandbox) -> None:
    exports(sandbox)

    assert stat.S_IMODE(Path(kubeconfig(sandbox)).stat().st_mode) == 0o600


def test_a_shell_has_kubectl_and_the_local_aws_after_the_exports_and_no_address_with_a_secret(sandbox: Sandbox) -> None:
    lines = exports(sandbox)
    environment = pasted(lines)

    assert environment["PATH"].split(":")[0] == "/cache/of kubectl"
    assert environment["AWS_ENDPOINT_URL"] == "http://localhost:4566"
    assert all(environment[name] for name in VARIABLES)
    assert "secret" not in "".join(lines)


def test_attached_clusters_are_reached_by_the_users_own_kubeconfig_and_contexts(tmp_path: Path) -> None:
    member = a_member(tmp_path, "kind-a", context="kind a")
    attached = a_sandbox(tmp_path, member)

    assert pasted(exports(attached))["KUBECONFIG"] == member.kubeconfig
    assert kubectl(member) == ("kubectl", "--context", "kind a")
    assert not (tmp_path / "kubeconfig").exists()
