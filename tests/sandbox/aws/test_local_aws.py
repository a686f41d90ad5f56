"""The real deploy on the local AWS, without clusters behind it: what is enforced there, and what the launcher adds."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from infra.cache import cache_folder
from sandbox.aws.deploy import Cdk, deploy, prepare
from sandbox.aws.node import find_node, install_cdk
from sandbox.aws.outputs import Deployed
from sandbox.aws.server import EksCluster, LocalAws
from sandbox.aws.venv import ministack_python
from sandbox.process import Processes
from tests.infra.test_patterns import USER, cloudtrail, role_session
from tests.infra.test_resync import minutes_of
from tests.sandbox.aws.process import ACCOUNT, ENVIRON, REGION, ROOT, Stack, client_of, local_aws
from tests.sandbox.aws.tokens import assumed, review

pytestmark = pytest.mark.e2e

OTHER, FAR = "210987654321", "eu-west-1"
SECRET = "secret-of-the-webhook-of-"
FILE = f"""
clusterset: test
hub: {{account: "{ACCOUNT}", region: {REGION}}}
installer: off
clusters:
  - {{id: east, eks: test-east}}
  - {{id: west, eks: test-west}}
  - {{id: far, eks: test-far, account: "{OTHER}", region: {FAR}}}
  - {{id: served, eks: test-served, account: "{OTHER}", functions_account: "{ACCOUNT}"}}
"""
PLACES = {
    "test-east": (ACCOUNT, REGION),
    "test-west": (ACCOUNT, REGION),
    "test-far": (OTHER, FAR),
    "test-served": (OTHER, REGION),
}
BUS = "cloudmap-mcs-test"


def tags_of(eks: str) -> dict[str, str]:
    """Return the session tags that EKS gives the watcher of a cluster."""
    account, region = PLACES[eks]
    return {
        "eks-cluster-arn": f"arn:aws:eks:{region}:{account}:cluster/{eks}",
        "kubernetes-namespace": "cloudmap-mcs-system",
        "kubernetes-service-account": "watcher",
    }


TAGS = tags_of("test-east")


@dataclass(frozen=True)
class Lab:
    log: Path
    aws: LocalAws
    deployed: Deployed
    again: Deployed

    def session(self, role: str, tags: dict[str, str]) -> Credentials:
        """Assume a role as root of its account, whom the local AWS takes for the service in a trust policy."""
        there = self.aws.at(role.split(":")[4], REGION)
        return assumed(there, role, Tags=[{"Key": key, "Value": value} for key, value in tags.items()])

    def review(self, cluster: str, credentials: Credentials, *, secret: str | None = None) -> dict[str, Any]:
        return review(self.aws.at(*PLACES[cluster]), cluster, credentials, secret or f"{SECRET}{cluster}")

    def watcher(self, cluster: str) -> Credentials:
        return self.session(self.deployed.members[cluster].watcher_role_arn, tags_of(f"test-{cluster}"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("aws")
    clusterset = folder / "clusterset.yaml"
    clusterset.write_text(FILE)
    node = find_node(ENVIRON)
    with local_aws(folder) as aws, Processes(folder / "cdk") as processes:
        cdk = Cdk(ROOT, folder, node, install_cdk(ROOT, node, environ=ENVIRON, say=print), aws, ENVIRON)
        for name, place in PLACES.items():
            aws.at(*place).announce(EksCluster(name, "1.35", f"https://{name}.invalid", "Y2E=", f"{SECRET}{name}"))
        prepare(cdk, clusterset, processes=processes, say=print)
        first = deploy(cdk, clusterset, processes=processes, say=print)
        yield Lab(folder / "local-aws.log", aws, first, deploy(cdk, clusterset, processes=processes, say=print))


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
    assert set(lab.deployed.members) == {"east", "west", "far", "served"}


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
    watcher = lab.watcher("east")

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
    held = lab.watcher("east")
    events = client_of(lab.aws, held, "events")
    entry = {"Source": "cloudmap-mcs", "DetailType": "Test", "Detail": "{}"}

    assert events.put_events(Entries=[{**entry, "EventBusName": lab.deployed.bus_arn}])["FailedEntryCount"] == 0
    assert refused(events.put_events, Entries=[entry]) == "AccessDeniedException"
    assert refused(client_of(lab.aws, held, "sqs").list_queues).startswith("AccessDenied")


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


def test_the_namespace_is_shared_with_the_other_account_in_the_hubs_region_only(lab: Lab) -> None:
    def seen(account: str, region: str) -> list[str]:
        client = lab.aws.at(account, region).client("servicediscovery")
        return [found["Arn"] for found in client.list_namespaces()["Namespaces"]]

    assert seen(OTHER, REGION) == [lab.deployed.namespace_arn]
    assert seen(OTHER, FAR) == seen("333333333333", REGION) == []


def test_a_watcher_of_another_account_registers_in_the_shared_namespace(lab: Lab) -> None:
    client = client_of(lab.aws, lab.watcher("far"), "servicediscovery")
    made = client.create_service(Name="web.shop", NamespaceId=lab.deployed.namespace_arn)["Service"]
    client.register_instance(ServiceId=made["Arn"], InstanceId="far", Attributes={"k": "v"})

    assert (made["ResourceOwner"], made["CreatedByAccount"]) == (ACCOUNT, OTHER)
    assert refused(client.delete_namespace, Id=lab.deployed.namespace_arn) == "AccessDeniedException"


@pytest.mark.parametrize("watcher", ["east", "far", "served"])
def test_what_a_watcher_announces_reaches_the_bus_of_every_place(lab: Lab, watcher: str) -> None:
    far = lab.aws.at(OTHER, FAR)
    events, sqs = far.client("events"), far.client("sqs")
    url = sqs.create_queue(QueueName=f"probe-{watcher}")["QueueUrl"]
    arn = f"arn:aws:sqs:{FAR}:{OTHER}:probe-{watcher}"
    allowed = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = json.dumps({"Statement": [{**allowed, "Resource": arn}]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    pattern = json.dumps({"source": ["cloudmap-mcs"], "detail": {"probe": [watcher]}})
    events.put_rule(Name=f"probe-{watcher}", EventBusName=BUS, EventPattern=pattern)
    events.put_targets(Rule=f"probe-{watcher}", EventBusName=BUS, Targets=[{"Id": "probe", "Arn": arn}])
    entry = {
        "EventBusName": lab.deployed.bus_arn,
        "Source": "cloudmap-mcs",
        "DetailType": "ServiceExport Changed",
        "Detail": json.dumps({"clusterset": "test", "probe": watcher}),
    }
    put = client_of(lab.aws, lab.watcher(watcher), "events").put_events(Entries=[entry])
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    events.remove_targets(Rule=f"probe-{watcher}", EventBusName=BUS, Ids=["probe"])
    events.delete_rule(Name=f"probe-{watcher}", EventBusName=BUS)

    assert put["FailedEntryCount"] == 0
    assert json.loads(message["Body"])["detail"]["probe"] == watcher


def test_every_event_reached_the_queues_of_its_rules(lab: Lab) -> None:
    detail = json.dumps({"clusterset": "test", "probe": "queues"})
    entry = {"Source": "cloudmap-mcs", "DetailType": "ServiceExport Changed", "Detail": detail}
    lab.aws.client("events").put_events(Entries=[{**entry, "EventBusName": lab.deployed.bus_arn}])
    told = lab.log.read_text(encoding="utf-8")

    assert "did not reach" not in told
    assert all(f"SQS {member.queue_url.rpartition('/')[2]}" in told for member in lab.deployed.members.values())


def test_an_event_bus_policy_is_made_and_removed_by_cloudformation(lab: Lab) -> None:
    stack, events = Stack(lab.aws, "policy"), lab.aws.client("events")
    statement = {"Effect": "Allow", "Principal": {"AWS": "210987654321"}, "Action": "events:PutEvents", "Resource": "*"}
    properties = {"EventBusName": BUS, "StatementId": "other", "Statement": statement}

    def of(sid: str) -> list[Any]:
        policy = json.loads(events.describe_event_bus(Name=BUS).get("Policy", '{"Statement": []}'))
        return [found for found in policy["Statement"] if found["Sid"] == sid]

    stack.put({"Policy": {"Type": "AWS::Events::EventBusPolicy", "Properties": properties}})
    (made,) = of("other")
    stack.remove()

    assert made == {**statement, "Sid": "other"}
    assert of("other") == []
