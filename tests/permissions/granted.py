"""What templates grant, by kinds of roles and of policies of resources."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.names import PREFIX

Right = tuple[str, str]
"""Kind of role or policy, IAM action."""

_ROLES = "watcher|importer|installer|importer-access|installer-access|scheduler|finder|emptier|forwarding"
_ROLE = re.compile(rf"{PREFIX}-.+[-_](?P<kind>{_ROLES})-[a-z]{{2}}(-[a-z]+)+-\d")


def kind_of(role: str) -> str:
    """Tell the kind of a role of ours by its name, which must be that of one."""
    found = _ROLE.fullmatch(role)
    assert found, f"{role} is the name of no kind of role that is known here"
    return found["kind"]


def granted(assembly: Path) -> set[Right]:
    """Read what the templates of a synthesis grant."""
    templates = sorted(assembly.glob("*.template.json"))
    assert templates, f"no templates in {assembly}"
    return {right for template in templates for right in _rights(json.loads(template.read_text()))}


def _rights(template: dict[str, Any]) -> Iterator[Right]:
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::IAM::Role":
                assert "ManagedPolicyArns" not in properties, properties["RoleName"]
                documents = [policy["PolicyDocument"] for policy in properties["Policies"]]
                yield from _allowed(kind_of(properties["RoleName"]), *documents)
            case "AWS::SQS::QueuePolicy":
                yield from _allowed("policy of a queue", properties["PolicyDocument"])
            case "AWS::Events::EventBusPolicy":
                yield from _allowed("policy of a bus", {"Statement": [properties["Statement"]]})
            case "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" | "AWS::Lambda::Permission" as kind:
                raise AssertionError(f"{kind} grants something; the page knows of roles' inline policies only")


def _allowed(kind: str, *documents: dict[str, Any]) -> Iterator[Right]:
    for document in documents:
        for statement in document["Statement"]:
            if statement["Effect"] == "Allow":
                actions = statement["Action"]
                yield from ((kind, action) for action in ([actions] if isinstance(actions, str) else actions))
