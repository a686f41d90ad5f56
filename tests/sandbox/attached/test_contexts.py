import base64
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cloudmap_mcs.domain.model import cluster_id as checked
from sandbox.attached.contexts import cluster_id, kubeconfig_of, load, read_contexts
from sandbox.errors import SandboxError

CA = b"-----BEGIN CERTIFICATE-----\n"


def a_kubeconfig(path: Path, context: str, user: dict[str, Any] | None = None, **cluster: Any) -> str:
    location = {"server": "https://127.0.0.1:6443", "certificate-authority-data": base64.b64encode(CA).decode()}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": f"{context}-cluster", "cluster": location | cluster}],
        "users": [{"name": f"{context}-user", "user": {"token": "secret"} if user is None else user}],
        "contexts": [{"name": context, "context": {"cluster": f"{context}-cluster", "user": f"{context}-user"}}],
    }
    path.write_text(yaml.safe_dump(content))
    return str(path)


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ("kind-a", "kind-a"),
        ("a" * 45, "a" * 45),
        ("a" * 46, "a{36}-[0-9a-f]{8}"),
        ("Kind-A", "kind-a-[0-9a-f]{8}"),
        ("kind_a", "kind-a-[0-9a-f]{8}"),
        ("arn:aws:eks:us-east-1:123456789012:cluster/shop", "arn-aws-eks-us-east-1-123456789012-c-[0-9a-f]{8}"),
        ("-", "[0-9a-f]{8}"),
    ],
)
def test_a_context_gives_its_cluster_an_id(context: str, expected: str) -> None:
    assert re.fullmatch(expected, cluster_id(context))


@given(st.text(min_size=1), st.text(min_size=1))
def test_ids_are_valid_and_two_contexts_never_share_one(one: str, other: str) -> None:
    assert checked(cluster_id(one)) == cluster_id(one)
    assert (cluster_id(one) == cluster_id(other)) == (one == other)


def test_several_kubeconfig_files_are_read_as_kubectl_reads_them(tmp_path: Path) -> None:
    one, two = (
        a_kubeconfig(tmp_path / "1", "kind-a"),
        a_kubeconfig(tmp_path / "2", "kind-b", server="https://host.test/"),
    )
    kubeconfig = kubeconfig_of({"KUBECONFIG": f"{one}:{two}"})

    a, b = read_contexts(kubeconfig, ["kind-a", "kind-b"], scratch=tmp_path / "scratch")

    assert (a.cluster, a.server, a.ca) == ("kind-a", "https://127.0.0.1:6443", CA)
    assert (b.cluster, b.server) == ("kind-b", "https://host.test:443")


def test_without_kubeconfig_variable_it_is_the_file_in_the_home() -> None:
    assert kubeconfig_of({}) == str(Path.home() / ".kube" / "config")


def test_a_relative_kubeconfig_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert kubeconfig_of({"KUBECONFIG": "mine:/etc/theirs"}) == f"{tmp_path}/mine:/etc/theirs"


def test_credential_plugins_are_run(tmp_path: Path) -> None:
    plugin = tmp_path / "plugin.sh"
    plugin.write_text('#!/bin/sh\necho \'{"apiVersion":"x","kind":"ExecCredential","status":{"token":"of-plugin"}}\'\n')
    plugin.chmod(0o700)
    user = {"exec": {"apiVersion": "x", "command": str(plugin), "interactiveMode": "Never"}}

    configuration = load(a_kubeconfig(tmp_path / "config", "eks", user), "eks", scratch=tmp_path / "scratch")

    assert configuration.get_api_key_with_prefix("BearerToken") == "Bearer of-plugin"


@pytest.mark.parametrize(
    ("cluster", "complaint"),
    [
        ({"server": "http://127.0.0.1:8080"}, "not of the form"),
        ({"server": "https://rancher.test/k8s/clusters/c-1"}, "not of the form"),
        ({"insecure-skip-tls-verify": True}, "insecure-skip-tls-verify"),
        ({"tls-server-name": "other.test"}, "tls-server-name"),
        ({"proxy-url": "http://proxy.test:3128"}, "proxy-url"),
        ({"certificate-authority-data": ""}, "no certificate authority"),
    ],
    ids=["plain-http", "path", "insecure", "server-name", "proxy", "no-ca"],
)
def test_what_a_watcher_could_not_reach_is_refused(tmp_path: Path, cluster: dict[str, Any], complaint: str) -> None:
    kubeconfig = a_kubeconfig(tmp_path / "config", "mine", **cluster)

    with pytest.raises(SandboxError, match=complaint):
        read_contexts(kubeconfig, ["mine"], scratch=tmp_path / "scratch")


def test_an_unknown_context_is_refused_with_those_that_are_there(tmp_path: Path) -> None:
    kubeconfig = a_kubeconfig(tmp_path / "config", "kind-a")

    with pytest.raises(SandboxError, match="no context kind-x; it has kind-a"):
        read_contexts(kubeconfig, ["kind-x"], scratch=tmp_path)


def test_a_context_named_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="named twice"):
        read_contexts(a_kubeconfig(tmp_path / "config", "a"), ["a", "a"], scratch=tmp_path)


def test_a_missing_kubeconfig_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="it has none"):
        read_contexts(str(tmp_path / "none"), ["a"], scratch=tmp_path)
