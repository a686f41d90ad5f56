"""The real deploy on the local AWS, without clusters behind it: what is enforced there, and what the launcher adds."""

import base64
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from infra.cache import cache_folder
from sandbox.aws.deploy import Cdk, deploy, prepare
from sandbox.aws.node import find_node, install_cdk
from sandbox.aws.outputs import Deployed
from sandbox.aws.server import EksCluster, LocalAws
from sandbox.aws.venv import ministack_python
from sandbox.process import Command, Processes, free_ports
from tests.infra.test_patterns import USER, cloudtrail, role_session
from tests.infra.test_resync import minutes_of

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[3]
ENVIRON = os.environ  # noqa: TID251 - a door
SECRET = "secret-of-the-webhook-of-"
FILE = """
clusterset: test
hub: {account: "123456789012", region: us-east-1}
clusters:
  - {id: east, eks: test-east}
  - {id: west, eks: test-west}
"""
TAGS = {
    "eks-cluster-arn": "arn:aws:eks:us-east-1:123456789012:cluster/test-east",
    "kubernetes-namespace": "cloudmap-mcs-system",
    "kubernetes-service-account": "watcher",
}


@dataclass(frozen=True)
class Lab:
    aws: LocalAws
    deployed: Deployed
    again: Deployed

    def session(self, role: str, tags: dict[str, str]) -> Credentials:
        """Assume a role as root, whom the local AWS takes for the service in a trust policy."""
        given = [{"Key": key, "Value": value} for key, value in tags.items()]
        answer = self.aws.client("sts").assume_role(RoleArn=role, RoleSessionName="test", Tags=given)["Credentials"]
        return Credentials(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])

    def review(self, cluster: str, credentials: Credentials, *, secret: str | None = None) -> dict[str, Any]:
        """Post a TokenReview with an EKS token of these credentials, as the API server of `cluster` would."""
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": {"token": eks_token(credentials, cluster)},
        }
        url = self.aws.webhook_url(cluster, secret or f"{SECRET}{cluster}")
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode())) as answer:  # noqa: S310 -- ours
            status: dict[str, Any] = json.load(answer)["status"]
            return status


def eks_token(credentials: Credentials, cluster: str) -> str:
    url = "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"
    request = AWSRequest("GET", url, headers={"x-k8s-aws-id": cluster})
    SigV4QueryAuth(credentials, "sts", "us-east-1", expires=60).add_auth(request)
    return "k8s-aws-v1." + base64.urlsafe_b64encode(request.url.encode()).decode().rstrip("=")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("aws")
    clusterset = folder / "clusterset.yaml"
    clusterset.write_text(FILE)
    aws_port, cloudmap_port = free_ports(2, SystemRandom())
    aws = LocalAws("123456789012", "us-east-1", aws_port, f"http://127.0.0.1:{cloudmap_port}")
    node = find_node(ENVIRON)
    cdk = Cdk(ROOT, folder, node, install_cdk(ROOT, node, environ=ENVIRON, say=print), aws, ENVIRON)
    cloudmap = (sys.executable, "-m", "sandbox.cloudmap", "--port", str(cloudmap_port))
    with Processes(folder) as processes:
        processes.start(Command("cloudmap", cloudmap, ROOT, folder / "cloudmap.log", {"PATH": ENVIRON["PATH"]}))
        python = ministack_python(ROOT, cache=cache_folder(ENVIRON), say=print)
        server = processes.start(aws.command(python, folder=folder, base=ENVIRON))
        server.wait_until(aws.is_up, timeout=30)
        for name in ("test-east", "test-west"):
            aws.announce(EksCluster(name, "1.35", f"https://{name}.invalid", "Y2E=", f"{SECRET}{name}"))
        prepare(cdk, clusterset, processes=processes, say=print)
        first = deploy(cdk, clusterset, processes=processes, say=print)
        yield Lab(aws, first, deploy(cdk, clusterset, processes=processes, say=print))


def refused(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    code: str = caught.value.response["Error"]["Code"]
    return code


def test_the_namespace_is_in_the_cloud_map_that_functions_and_watchers_use(lab: Lab) -> None:
    found = lab.aws.client("servicediscovery").get_namespace(Id=lab.deployed.namespace_id)["Namespace"]

    assert (found["Name"], found["Type"], found["Arn"]) == ("mcs.test", "HTTP", lab.deployed.namespace_arn)


def test_a_second_deploy_changes_nothing(lab: Lab) -> None:
    assert lab.again == lab.deployed
    assert set(lab.deployed.members) == {"east", "west"}


def test_clusters_are_announced_with_the_endpoint_and_ca_that_were_given(lab: Lab) -> None:
    found = lab.aws.client("eks").describe_cluster(name="test-east")["cluster"]

    assert (found["endpoint"], found["certificateAuthority"]["data"]) == ("https://test-east.invalid", "Y2E=")
    assert found["accessConfig"]["authenticationMode"] == "API"


def test_an_importers_token_is_good_for_its_own_cluster_only(lab: Lab) -> None:
    credentials = lab.session(lab.deployed.members["east"].importer_role_arn, {})
    own = lab.review("test-east", credentials)

    assert own["authenticated"] is True
    assert own["user"]["groups"] == ["system:authenticated", "cloudmap-mcs:importer"]
    assert lab.review("test-west", credentials) == {"authenticated": False}
    assert lab.review("test-east", credentials, secret="another-secret-1") == {"authenticated": False}


def test_whoever_has_no_access_entry_does_not_get_in(lab: Lab) -> None:
    watcher = lab.session(lab.deployed.members["east"].watcher_role_arn, TAGS)

    assert lab.review("test-east", Credentials("test", "test")) == {"authenticated": False}
    assert lab.review("test-east", watcher) == {"authenticated": False}


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param({}, id="no-tags"),
        pytest.param({**TAGS, "kubernetes-service-account": "default"}, id="other-service-account"),
        pytest.param({**TAGS, "eks-cluster-arn": TAGS["eks-cluster-arn"].replace("east", "west")}, id="other-cluster"),
    ],
)
def test_nobody_but_the_watchers_service_account_gets_its_role(lab: Lab, tags: dict[str, str]) -> None:
    role = lab.deployed.members["east"].watcher_role_arn

    with pytest.raises(ClientError, match="AccessDenied"):
        lab.session(role, tags)


def test_the_watcher_announces_on_the_hub_bus_and_may_do_nothing_else_in_aws(lab: Lab) -> None:
    held = lab.session(lab.deployed.members["east"].watcher_role_arn, TAGS)
    session = boto3.Session(held.access_key, held.secret_key, held.token, region_name="us-east-1")
    events = session.client("events", endpoint_url=lab.aws.endpoint)
    entry = {"Source": "cloudmap-mcs", "DetailType": "Test", "Detail": "{}"}

    assert events.put_events(Entries=[{**entry, "EventBusName": lab.deployed.bus_arn}])["FailedEntryCount"] == 0
    assert refused(events.put_events, Entries=[entry]) == "AccessDeniedException"
    assert refused(session.client("sqs", endpoint_url=lab.aws.endpoint).list_queues).startswith("AccessDenied")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, True, id="another-role"),
        pytest.param({"userIdentity": USER}, True, id="a-user"),
        pytest.param({"userIdentity": None}, True, id="nobody"),
        pytest.param({"userIdentity": role_session("cloudmap-mcs-test-east-watcher-us-east-1")}, False, id="a-watcher"),
        pytest.param({"errorCode": "AccessDenied"}, False, id="refused"),
    ],
)
def test_the_deployed_rule_agrees_about_foreign_writes(lab: Lab, changes: dict[str, Any], *, expected: bool) -> None:
    events = lab.aws.client("events")
    pattern = events.describe_rule(Name="cloudmap-mcs-test-east-cloudtrail")["EventPattern"]
    whole = {
        "id": "1",
        "account": "123456789012",
        "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [],
    }
    event = json.dumps({**whole, **cloudtrail(**changes)})

    assert events.test_event_pattern(EventPattern=pattern, Event=event)["Result"] is expected


NEXT = """
import datetime, json, sys
from ministack.services.eventbridge import _cron_next_fire, _parse_cron_fields
fields, at = _parse_cron_fields(sys.argv[1]), datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
at -= datetime.timedelta(minutes=1)
print(json.dumps([(at := _cron_next_fire(fields, at)).isoformat() for _ in range(int(sys.argv[2]))]))
"""


def test_the_local_aws_fires_the_deployed_schedules_at_the_minutes_they_mean(lab: Lab) -> None:
    python = str(ministack_python(ROOT, cache=cache_folder(ENVIRON), say=print))
    scheduler = lab.aws.client("scheduler")
    offsets = set()
    for cluster in ("east", "west"):
        schedule = scheduler.get_schedule(Name=f"cloudmap-mcs-test-{cluster}")
        minutes = minutes_of(schedule["ScheduleExpression"])
        command = [python, "-c", NEXT, schedule["ScheduleExpression"], str(len(minutes))]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)

        assert schedule["State"] == "ENABLED"
        assert json.loads(answer.stdout) == [f"2026-01-01T00:{minute:02}:00+00:00" for minute in minutes]
        offsets.add(minutes[0])
    assert len(offsets) == 2


def test_a_cloudtrail_event_can_be_played_into_the_default_bus(lab: Lab) -> None:
    played = {
        "Source": "aws.servicediscovery",
        "DetailType": "AWS API Call via CloudTrail",
        "Detail": json.dumps({"eventName": "Played"}),
    }

    assert lab.aws.client("events").put_events(Entries=[played])["FailedEntryCount"] == 0


def test_an_event_bus_policy_is_made_and_removed_by_cloudformation(lab: Lab) -> None:
    formation, events = lab.aws.client("cloudformation"), lab.aws.client("events")
    statement = {"Effect": "Allow", "Principal": {"AWS": "210987654321"}, "Action": "events:PutEvents", "Resource": "*"}
    properties = {"EventBusName": "cloudmap-mcs-test", "StatementId": "other", "Statement": statement}
    template = {"Resources": {"Policy": {"Type": "AWS::Events::EventBusPolicy", "Properties": properties}}}
    formation.create_stack(StackName="policy", TemplateBody=json.dumps(template))
    formation.get_waiter("stack_create_complete").wait(StackName="policy", WaiterConfig={"Delay": 1})
    (made,) = json.loads(events.describe_event_bus(Name="cloudmap-mcs-test")["Policy"])["Statement"]
    formation.delete_stack(StackName="policy")
    formation.get_waiter("stack_delete_complete").wait(StackName="policy", WaiterConfig={"Delay": 1})

    assert (made["Sid"], made["Principal"]) == ("other", {"AWS": "210987654321"})
    assert "Policy" not in events.describe_event_bus(Name="cloudmap-mcs-test")
