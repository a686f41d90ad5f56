"""The installer and the custom resource of each cluster, in the stack of the example."""

from typing import Any

from infra.installation import LOOK_TYPE, RESOURCE_TYPE
from tests.infra.conftest import Stack
from tests.infra.test_importer import REGISTRY, rights

ROLE = "cloudmap-mcs-prod-east-installer-eu-west-1"
FUNCTION = "cloudmap-mcs-prod-east-installer"
EKS = "arn:aws:eks:eu-west-1:123456789012"


def resource(stack: Stack, kind: str, **wanted: object) -> tuple[str, dict[str, Any]]:
    """Return the only resource of a type with these properties, with its logical id."""
    found = [
        (name, each)
        for name, each in stack.template["Resources"].items()
        if each["Type"] == kind and all(each["Properties"].get(key) == value for key, value in wanted.items())
    ]
    assert len(found) == 1, f"{len(found)} of {kind} with {wanted}"
    return found[0]


def prerequisites(stack: Stack, name: str) -> set[str]:
    """Return all that CloudFormation makes before a resource and deletes after it."""
    resources = stack.template["Resources"]
    found, open_ends = set[str](), {name}
    while open_ends:
        each = resources[open_ends.pop()]
        direct = {*listed(each.get("DependsOn", [])), *(ref for ref in references(each) if ref in resources)}
        open_ends |= direct - found
        found |= direct
    return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def references(value: Any) -> set[str]:
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), _]}:
            return {name}
        case dict():
            return set().union(*map(references, value.values()))
        case list():
            return set().union(*map(references, value))
    return set()


def test_every_cluster_has_a_function_of_its_own_that_nothing_triggers(members: Stack) -> None:
    functions = [f for f in members.of_type("AWS::Lambda::Function") if f["FunctionName"].endswith("-installer")]
    tokens = {told["Cluster"]: told["ServiceToken"]["Fn::GetAtt"][0] for told in members.of_type(RESOURCE_TYPE)}

    assert tokens == {
        cluster: resource(members, "AWS::Lambda::Function", FunctionName=f"cloudmap-mcs-prod-{cluster}-installer")[0]
        for cluster in ("east", "west", "old")
    }
    assert members.of_type("AWS::Lambda::Permission") == members.of_type("AWS::Lambda::Url") == []
    assert len(functions) == 3
    for function in functions:
        assert function["Timeout"] == 900
        assert 512 <= function["MemorySize"] <= 1024
        assert "ReservedConcurrentExecutions" not in function


def test_cloudformation_waits_until_no_call_of_the_function_can_be_under_way_any_more(members: Stack) -> None:
    name, function = resource(members, "AWS::Lambda::Function", FunctionName=FUNCTION)
    calls = members.one("AWS::Lambda::EventInvokeConfig", FunctionName={"Ref": name})
    told = members.one(RESOURCE_TYPE, Cluster="east")

    assert int(told["ServiceTimeout"]) >= function["Properties"]["Timeout"] + calls["MaximumEventAgeInSeconds"]


def test_a_cluster_keeps_its_installers_rights_until_it_is_uninstalled(members: Stack) -> None:
    """CloudFormation deletes what a template no longer has after it has updated the rest of it."""
    for cluster in ("east", "west", "old"):
        others = [
            each
            for name, each in members.template["Resources"].items()
            if not name.startswith(cluster) and each["Type"] == "AWS::IAM::Role"
        ]
        assert f"/prod-{cluster}" not in repr(others)


def test_the_installer_may_do_what_it_does_and_nothing_else(members: Stack) -> None:
    found = rights(members, ROLE)
    (namespace,) = found["servicediscovery:GetNamespace"]
    cluster, addon = f"{EKS}:cluster/prod-east", f"{EKS}:addon/prod-east/coredns/*"
    services = f"{REGISTRY}:service/*"
    logs = f"arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/{FUNCTION}:*"

    assert namespace.startswith(f"{REGISTRY}:namespace/<")
    assert found == {
        "eks:DescribeCluster": {cluster},
        "eks:ListAddons": {cluster},
        "eks:DescribeAddon": {addon},
        "eks:UpdateAddon": {addon},
        "eks:DescribeUpdate": {cluster, addon},
        "servicediscovery:GetOperation": {namespace, services},
        "servicediscovery:DeleteService": {services},
        "servicediscovery:DeregisterInstance": {services},
        "servicediscovery:GetInstance": {services},
        "servicediscovery:ListInstances": {services},
        "servicediscovery:GetNamespace": {namespace},
        "servicediscovery:ListServices": {"*"},
        "logs:CreateLogStream": {logs},
        "logs:PutLogEvents": {logs},
    }


def test_an_installers_role_is_an_administrator_of_its_own_cluster(members: Stack) -> None:
    entries = [e for e in members.of_type("AWS::EKS::AccessEntry") if "AccessPolicies" in e]

    assert {entry["ClusterName"] for entry in entries} == {"prod-east", "prod-west", "prod-old"}
    for entry in entries:
        (policy,) = entry["AccessPolicies"]
        assert (entry["Type"], policy["AccessScope"]) == ("STANDARD", {"Type": "cluster"})
        assert members.text(policy["PolicyArn"]).endswith("eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy")
        role = members.template["Resources"][entry["PrincipalArn"]["Fn::GetAtt"][0]]["Properties"]
        assert role["RoleName"] == f"cloudmap-mcs-{entry['ClusterName']}-installer-eu-west-1"


def test_a_cluster_is_installed_when_all_that_it_needs_in_aws_is_there_and_before_anything_imports(
    members: Stack,
) -> None:
    installation, _ = resource(members, RESOURCE_TYPE, Cluster="east")
    needed = {
        name
        for name, each in members.template["Resources"].items()
        if each["Properties"].get("ClusterName") == "prod-east"  # both access entries, the Pod Identity association
    }
    log_group, _ = resource(members, "AWS::Logs::LogGroup", LogGroupName=f"/aws/lambda/{FUNCTION}")
    role, _ = resource(members, "AWS::IAM::Role", RoleName=ROLE)
    watcher, _ = resource(members, "AWS::IAM::Role", RoleName="cloudmap-mcs-prod-east-watcher-eu-west-1")

    assert len(needed) == 3
    assert needed | {log_group, role, watcher} <= prerequisites(members, installation)
    schedule, _ = resource(members, "AWS::Scheduler::Schedule", Name="cloudmap-mcs-prod-east")
    mappings = [
        name
        for name, each in members.template["Resources"].items()
        if each["Type"] == "AWS::Lambda::EventSourceMapping" and name.startswith("east")
    ]
    for importing in (schedule, *mappings):
        assert installation in prerequisites(members, importing)


def test_before_eks_is_asked_to_make_anything_the_installer_looks_at_the_cluster(members: Stack) -> None:
    """Otherwise EKS would refuse an access entry in its own words, and nobody saw the findings."""
    for cluster in ("east", "west", "old"):
        look, told = resource(members, LOOK_TYPE, Cluster=cluster)
        of_eks = {
            name: each["Type"]
            for name, each in members.template["Resources"].items()
            if each["Properties"].get("ClusterName") == f"prod-{cluster}"
        }
        log_group, _ = resource(
            members, "AWS::Logs::LogGroup", LogGroupName=f"/aws/lambda/cloudmap-mcs-prod-{cluster}-installer"
        )
        role, _ = resource(members, "AWS::IAM::Role", RoleName=f"cloudmap-mcs-prod-{cluster}-installer-eu-west-1")
        function = told["Properties"]["ServiceToken"]["Fn::GetAtt"][0]
        (calls,) = (
            name
            for name, each in members.template["Resources"].items()
            if each["Type"] == "AWS::Lambda::EventInvokeConfig"
            and each["Properties"]["FunctionName"] == {"Ref": function}
        )
        installation, _ = resource(members, RESOURCE_TYPE, Cluster=cluster)

        assert sorted(of_eks.values()) == [*2 * ["AWS::EKS::AccessEntry"], "AWS::EKS::PodIdentityAssociation"]
        for name in (*of_eks, installation):
            assert look in prerequisites(members, name)
        assert {role, log_group, function, calls} <= prerequisites(members, look)


def test_a_look_is_told_what_the_installation_is_and_by_the_same_function(members: Stack) -> None:
    assert members.of_type(LOOK_TYPE) == members.of_type(RESOURCE_TYPE)


def test_a_leaving_cluster_stays_installed_and_knows_the_members_without_itself(members: Stack) -> None:
    told = members.one(RESOURCE_TYPE, Cluster="old")

    assert told["Members"] == "east,west"


def test_other_code_is_an_update_of_every_cluster(members: Stack) -> None:
    codes = {told["Code"] for told in members.of_type(RESOURCE_TYPE)}
    hashes = {told["BundleArm64Sha256"] for told in members.of_type(RESOURCE_TYPE)}

    assert codes == hashes
    assert len(codes) == 1
