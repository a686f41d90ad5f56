"""One clusterset, its deploy's outputs, and what `mcsctl render` makes of them."""

import json
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner, Result

from cloudmap_mcs.cli.__main__ import mcsctl
from cloudmap_mcs.domain.installation import DnsMode
from cloudmap_mcs.install.bundle import OwnImage
from cloudmap_mcs.install.rendering import InstallSettings, render
from cloudmap_mcs.install.stub_zone import StubZone
from cloudmap_mcs.install.watcher import WatcherDeployment
from tests.install.settings import A_BUNDLE

BUS = "arn:aws:events:eu-west-1:123456789012:event-bus/cloudmap-mcs-prod"
NAMESPACE = "ns-abcdefghijklmnop"
CLUSTERSET = """
clusterset: prod
hub: {account: "123456789012", region: eu-west-1}
resync_minutes: 6
watcher: {replicas: 3, log_level: DEBUG}
clusters:
  - {id: west, eks: prod-west}
  - {id: east, eks: prod-east}
  - {id: old, eks: prod-old, state: leaving}
"""
ARN = f"arn:aws:servicediscovery:eu-west-1:123456789012:namespace/{NAMESPACE}"
ROLE = "arn:aws:iam::123456789012:role/cloudmap-mcs-prod-east-watcher-eu-west-1"
OUTPUTS = {
    "cloudmap-mcs-other-hub": {
        "NamespaceId": "ns-other",
        "BusArn": "arn:aws:events:eu-west-1:123456789012:event-bus/o",
    },
    "cloudmap-mcs-prod-hub": {"NamespaceId": NAMESPACE, "NamespaceArn": ARN, "BusArn": BUS},
    "cloudmap-mcs-prod-member-123456789012-eu-west-1": {
        "Text": "no JSON",
        "Number": 1,
        "westFacts": json.dumps({"cluster": "west"}),
        "eastFacts": json.dumps({"cluster": "east", "watcherRoleArn": ROLE}),
    },
    "cloudmap-mcs-prod-member-none": None,
}
BUNDLE = {
    "region": A_BUNDLE.region,
    "bucket": A_BUNDLE.bucket,
    "arm64": {"key": "arm.zip", "sha256": "a" * 64},
    "amd64": {"key": "amd.zip", "sha256": "b" * 64},
}
WITH_BUNDLE = OUTPUTS | {
    "cloudmap-mcs-prod-member-123456789012-eu-west-1": {
        "westFacts": json.dumps({"cluster": "west", "bundle": BUNDLE | {"bucket": "of-west"}}),
        "eastFacts": json.dumps({"cluster": "east", "watcherRoleArn": ROLE, "bundle": BUNDLE}),
    }
}
SAID = ("--namespace-id", NAMESPACE, "--bus-arn", BUS, "--image", "registry.example/watcher:1")


def rendered(*options: str, cluster: str = "east") -> Result:
    return CliRunner().invoke(mcsctl, ["render", "--cluster", cluster, *options])


def printed(*options: str, cluster: str = "east") -> list[dict[str, Any]]:
    answer = rendered(*options, cluster=cluster)
    assert (answer.exit_code, answer.stderr) == (0, "")
    return list(yaml.safe_load_all(answer.stdout))


def refused(*options: str, cluster: str = "east", status: int) -> str:
    answer = rendered(*options, cluster=cluster)
    assert (answer.exit_code, answer.stdout) == (status, "")
    assert "Traceback" not in answer.stderr
    return answer.stderr


def clusterset(**changes: str) -> None:
    """Write the file anew, with other keys of the cluster east or of the whole."""
    text = CLUSTERSET
    for key, value in changes.items():
        if key == "east":
            text = text.replace("eks: prod-east}", f"eks: prod-east, {value}}}")
        else:
            text = "\n".join(line for line in text.splitlines() if not line.startswith(f"{key}:"))
            text += f"\n{key}: {value}\n"
    Path("clusterset.yaml").write_text(text, encoding="utf-8")


def installed(
    *, dns: DnsMode = DnsMode.MANAGED, stub_zone: StubZone | None = None, role: str = "", **changes: Any
) -> list[dict[str, Any]]:
    defaults: dict[str, Any] = {
        "clusterset": "prod",
        "members": ("east", "west"),
        "namespace_id": NAMESPACE,
        "bus_arn": BUS,
        "hub_region": "eu-west-1",
        "resync_seconds": 360,
        "code": OwnImage(image="registry.example/watcher:1"),
        "replicas": 3,
        "log_level": "DEBUG",
    }
    watcher = WatcherDeployment(**defaults | changes)
    settings = InstallSettings(
        cluster="east", watcher=watcher, dns=dns, stub_zone=stub_zone or StubZone(), watcher_role_arn=role
    )
    return list(render(settings))
