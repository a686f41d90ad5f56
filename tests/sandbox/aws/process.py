"""A local AWS and a Cloud Map simulator as processes, and the stacks of a test, by CloudFormation's own API."""

import io
import json
import os
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, WaiterError

from infra.cache import cache_folder
from sandbox.aws.server import CALLS, LocalAws
from sandbox.aws.venv import ministack_python
from sandbox.cloudmap.client import SimulatorAdmin
from sandbox.cloudmaps import listens
from sandbox.process import Command, Processes, free_ports

ROOT = Path(__file__).parents[3]
ENVIRON = os.environ  # noqa: TID251 - a door
ACCOUNT, REGION = "123456789012", "us-east-1"


@contextmanager
def local_aws(folder: Path) -> Iterator[LocalAws]:
    """Run both until the end of the block."""
    aws_port, cloudmap_port = free_ports(2, SystemRandom())
    aws = LocalAws(ACCOUNT, REGION, aws_port, f"http://127.0.0.1:{cloudmap_port}")
    cloudmap = (sys.executable, "-m", "sandbox.cloudmap", "--port", str(cloudmap_port))
    with Processes(folder) as processes:
        simulator = Command("cloudmap", cloudmap, ROOT, folder / "cloudmap.log", {"PATH": ENVIRON["PATH"]})
        processes.start(simulator).wait_until(lambda: listens(cloudmap_port), timeout=30)
        python = ministack_python(ROOT, cache=cache_folder(ENVIRON), say=print)
        processes.start(aws.command(python, folder=folder, base=ENVIRON)).wait_until(aws.is_up, timeout=30)
        SimulatorAdmin(aws.cloudmap_url).change(authority=aws.endpoint)
        yield aws


def client_of(aws: LocalAws, held: Credentials, service: str) -> Any:
    """Return a boto3 client with these credentials."""
    session = boto3.Session(held.access_key, held.secret_key, held.token, region_name=aws.region)
    url = aws.cloudmap_url if service == "servicediscovery" else aws.endpoint
    config = Config(retries={"total_max_attempts": 1}, inject_host_prefix=False)
    return session.client(service, endpoint_url=url, config=config)


def decisions(folder: Path, principal: str) -> list[dict[str, Any]]:
    """Read what IAM decided about a principal, by its name, from the log of the local AWS in this folder."""
    lines = (json.loads(line) for line in (folder / CALLS).read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line["principal"] == principal]


def trusting(service: str) -> dict[str, Any]:
    """Return a trust policy for an AWS service or, if it is an ARN or account, an AWS principal."""
    kind = "Service" if service.endswith(".amazonaws.com") else "AWS"
    statement = {"Effect": "Allow", "Principal": {kind: service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def allowing(actions: list[str], *resources: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": actions, "Resource": list(resources)}
    return {"Version": "2012-10-17", "Statement": [statement]}


def make_role(aws: LocalAws, name: str, trust: dict[str, Any], policy: dict[str, Any]) -> str:
    """Make or change a role with one inline policy; returns its ARN."""
    iam = aws.client("iam")
    try:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    except ClientError:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=json.dumps(policy))
    return str(iam.get_role(RoleName=name)["Role"]["Arn"])


def make_function(aws: LocalAws, name: str, code: str, role: str, **more: Any) -> str:
    """Make a function of one Python file; returns its ARN."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("index.py", code)
    answer = aws.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": package.getvalue()},
        Timeout=60,
        **more,
    )
    return str(answer["FunctionArn"])


@dataclass(frozen=True)
class Stack:
    """A stack of the local AWS, which is made, changed and removed as a whole."""

    aws: LocalAws
    name: str

    def put(self, resources: Mapping[str, Any]) -> None:
        """Create or update, and wait; AssertionError with all reasons if it does not succeed."""
        formation = self.aws.client("cloudformation")
        body = json.dumps({"Resources": resources})
        try:
            formation.create_stack(StackName=self.name, TemplateBody=body)
            waiter = formation.get_waiter("stack_create_complete")
        except formation.exceptions.AlreadyExistsException:
            formation.update_stack(StackName=self.name, TemplateBody=body)
            waiter = formation.get_waiter("stack_update_complete")
        self._wait(waiter)

    def remove(self) -> None:
        formation = self.aws.client("cloudformation")
        formation.delete_stack(StackName=self.name)
        self._wait(formation.get_waiter("stack_delete_complete"))

    def reasons(self) -> list[str]:
        events = self.aws.client("cloudformation").describe_stack_events(StackName=self.name)["StackEvents"]
        return [event["ResourceStatusReason"] for event in events if event.get("ResourceStatusReason")]

    def _wait(self, waiter: Any) -> None:
        try:
            waiter.wait(StackName=self.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        except WaiterError as error:
            raise AssertionError("; ".join(self.reasons())) from error
