"""What RBAC says about a ServiceAccount, by ClusterRoles and their bindings."""

from collections.abc import Iterable
from typing import Any

Raw = dict[str, Any]


def allowed(spec: Raw, roles: Iterable[Raw], bindings: Iterable[Raw]) -> bool:
    bound = {binding["roleRef"]["name"] for binding in bindings if any(_is(who, spec) for who in binding["subjects"])}
    rules = [rule for role in roles if role["metadata"]["name"] in bound for rule in role["rules"]]
    return any(_grants(rule, spec["resourceAttributes"]) for rule in rules)


def _is(subject: Raw, spec: Raw) -> bool:
    return bool(spec["user"] == f"system:serviceaccount:{subject.get('namespace')}:{subject['name']}")


def _grants(rule: Raw, wanted: Raw) -> bool:
    return (
        wanted["verb"] in rule["verbs"]
        and wanted["group"] in rule["apiGroups"]
        and wanted["resource"] in rule["resources"]
    )
