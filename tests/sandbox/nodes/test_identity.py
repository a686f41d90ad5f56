"""What a node's Pod Identity is told, by the IP families of its cluster."""

from pathlib import Path

import pytest
from botocore.utils import ContainerMetadataFetcher

from sandbox.aws.server import LocalAws
from sandbox.identity.config import read_node_config
from sandbox.nodes.addresses import FAMILIES, Addresses
from sandbox.nodes.identity import agent_command, relay_command, webhook_manifest
from sandbox.sandbox import Member

AWS = LocalAws("123456789012", "us-east-1", 4566, "http://10.66.0.1:5000", "10.66.0.1")


def member(folder: Path) -> Member:
    pki = folder / "pki"
    pki.mkdir(parents=True)
    (pki / "ca.crt").write_text("PEM")
    names = pki / "ca.crt", pki / "admin.crt", pki / "admin.key"
    server, kubeconfig = "https://10.66.0.11:6443", str(folder / "admin.kubeconfig")
    return Member("east", "sandbox-east", server, kubeconfig, *names, pod_server=server, pod_ca=names[0])


@pytest.mark.parametrize(
    ("families", "uri", "endpoint", "cloudmap"),
    [
        ("ipv4", "http://169.254.170.23/v1/credentials", "http://10.66.0.1:4566", "http://10.66.0.1:5000"),
        ("ipv6", "http://[fd00:ec2::23]/v1/credentials", "http://[fd66::1]:4566", "http://[fd66::1]:5000"),
        ("dual", "http://169.254.170.23/v1/credentials", "http://10.66.0.1:4566", "http://10.66.0.1:5000"),
        ("dual-ipv6", "http://[fd00:ec2::23]/v1/credentials", "http://10.66.0.1:4566", "http://10.66.0.1:5000"),
    ],
)
def test_pods_are_led_to_agent_and_aws_in_a_family_that_they_have(
    tmp_path: Path, families: str, uri: str, endpoint: str, cloudmap: str
) -> None:
    its = Addresses(1, FAMILIES[families])

    command = agent_command(member(tmp_path / "east"), its, AWS, enter=("nsenter",), sources=tmp_path)

    config = read_node_config(Path(command.arguments[-1]))
    assert config.uri == uri
    assert config.variables["AWS_ENDPOINT_URL"] == endpoint
    assert config.variables["AWS_ENDPOINT_URL_SERVICEDISCOVERY"] == cloudmap
    assert config.cluster == "sandbox-east"
    assert command.arguments[0] == "nsenter"
    # SDKs send a token to few addresses only.
    ContainerMetadataFetcher()._validate_allowed_url(uri)


def test_the_api_server_asks_where_the_process_of_its_node_listens(tmp_path: Path) -> None:
    its, there = Addresses(2, FAMILIES["ipv6"]), member(tmp_path / "east")

    command = agent_command(there, its, AWS, enter=(), sources=tmp_path)
    (webhook,) = webhook_manifest(its, ca=there.ca)["webhooks"]

    host, port = read_node_config(Path(command.arguments[-1])).webhook
    assert webhook["clientConfig"]["url"] == f"https://{host}:{port}/mutate"
    assert host == its.machine["IPv4"]


def test_the_relay_has_the_ports_of_aws_and_cloud_map(tmp_path: Path) -> None:
    command = relay_command(AWS, folder=tmp_path, sources=tmp_path)

    assert command.arguments[-4:] == ("fd66::1", "10.66.0.1", "4566", "5000")
