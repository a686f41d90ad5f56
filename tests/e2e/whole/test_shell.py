"""What the demo prints, pasted into a shell that knows nothing of the sandbox."""

import json
import os
import shlex
import subprocess

import boto3
import pytest

from sandbox.demo.shell import exports, kubectl
from tests.e2e.whole.lab import Lab

pytestmark = pytest.mark.e2e


def paste(lab: Lab, *command: str) -> str:
    script = "\n".join(["set -eu", *exports(lab.sandbox), shlex.join(command)])
    environment = {"PATH": os.defpath, "HOME": str(lab.site.folder)}
    answer = subprocess.run(
        ["sh", "-c", script], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_a_context_is_the_cluster_of_its_name(lab: Lab) -> None:
    for cluster in lab.clusters:
        printed = paste(lab, *kubectl(cluster.member), "get", "clusterproperties", "--output", "json")
        values = {item["metadata"]["name"]: item["spec"]["value"] for item in json.loads(printed)["items"]}

        assert values["cluster.clusterset.k8s.io"] == cluster.id


def test_an_aws_client_without_arguments_finds_the_importers(lab: Lab) -> None:
    lines = paste(lab, "env").splitlines()
    given = {name: value for name, _, value in (line.partition("=") for line in lines) if name.startswith("AWS_")}
    session = boto3.Session(given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"], region_name=given["AWS_REGION"])
    found = session.client("lambda", endpoint_url=given["AWS_ENDPOINT_URL"]).list_functions()["Functions"]

    assert {member.importer for member in lab.sandbox.deployed.members.values()} <= {f["FunctionName"] for f in found}
