from typing import Any

from tests.infra.conftest import Stack

REGISTRY = "arn:aws:servicediscovery:eu-west-1:123456789012"


def rights(stack: Stack, role: str) -> dict[str, set[str]]:
    """Return action → resources of a role, which must have nothing but inline Allow statements."""
    properties = stack.one("AWS::IAM::Role", RoleName=role)
    assert "ManagedPolicyArns" not in properties
    result: dict[str, set[str]] = {}
    for policy in properties["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            for action in listed(statement["Action"]):
                result.setdefault(action, set()).update(stack.text(r) for r in listed(statement["Resource"]))
    return result


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def function(stack: Stack, cluster: str = "east") -> dict[str, Any]:
    return stack.one("AWS::Lambda::Function", FunctionName=f"cloudmap-mcs-prod-{cluster}-importer")


def test_the_function_is_as_the_file_says(members: Stack) -> None:
    found = function(members)

    assert (found["Runtime"], found["Architectures"]) == ("python3.13", ["arm64"])
    assert (found["MemorySize"], found["Timeout"]) == (640, 20)
    assert found["LoggingConfig"]["LogFormat"] == "JSON"
    assert found["Environment"]["Variables"]["POWERTOOLS_LOG_LEVEL"] == "DEBUG"


def test_logs_are_kept_as_long_as_the_file_says(members: Stack) -> None:
    group = members.one("AWS::Logs::LogGroup", LogGroupName="/aws/lambda/cloudmap-mcs-prod-east-importer")

    assert group["RetentionInDays"] == 14


def test_a_leaving_cluster_imports_but_nobody_accepts_its_exports(members: Stack) -> None:
    accepted = {c: function(members, c)["Environment"]["Variables"]["MCS_MEMBERS"] for c in ("east", "old")}

    assert accepted == {"east": "east,west", "old": "east,west"}


def test_the_queue_is_served_at_once_in_small_batches_reporting_single_failures(members: Stack) -> None:
    mappings = members.of_type("AWS::Lambda::EventSourceMapping")

    assert len(mappings) == 3
    for mapping in mappings:
        assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (10, 0)
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["ScalingConfig"] == {"MaximumConcurrency": 4}


def test_the_importer_may_do_what_it_does_and_nothing_else(members: Stack) -> None:
    found = rights(members, "cloudmap-mcs-prod-east-importer-eu-west-1")
    (namespace,) = found["servicediscovery:GetNamespace"]
    (queue,) = found["sqs:SendMessage"]

    assert namespace.startswith(f"{REGISTRY}:namespace/<")
    assert queue.startswith("<eastInboxQueue")
    services = f"{REGISTRY}:service/*"
    logs = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/cloudmap-mcs-prod-east-importer:*"
    assert found == {
        "servicediscovery:DiscoverInstances": {namespace, services},
        "servicediscovery:GetInstance": {services},
        "servicediscovery:GetNamespace": {namespace},
        "servicediscovery:GetService": {services},
        "eks:DescribeCluster": {"arn:aws:eks:eu-west-1:123456789012:cluster/prod-east"},
        "sqs:ChangeMessageVisibility": {queue},
        "sqs:DeleteMessage": {queue},
        "sqs:GetQueueAttributes": {queue},
        "sqs:ReceiveMessage": {queue},
        "sqs:SendMessage": {queue},
        "lambda:InvokeFunction": {"arn:aws:lambda:eu-west-1:123456789012:function:cloudmap-mcs-prod-east-importer"},
        "logs:CreateLogStream": {logs},
        "logs:PutLogEvents": {logs},
    }


def test_the_importers_role_gets_into_its_own_cluster_as_our_group_only(members: Stack) -> None:
    entry = members.one("AWS::EKS::AccessEntry", ClusterName="prod-east", KubernetesGroups=["cloudmap-mcs:importer"])

    assert entry["Type"] == "STANDARD"
    assert "AccessPolicies" not in entry
    role = members.template["Resources"][entry["PrincipalArn"]["Fn::GetAtt"][0]]["Properties"]
    assert role["RoleName"] == "cloudmap-mcs-prod-east-importer-eu-west-1"
