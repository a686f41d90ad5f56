"""The launcher's promises that need no ministack: it refuses what it was not made for, and says what."""

import asyncio
from types import ModuleType
from typing import Any

import pytest

from sandbox.aws import launcher
from sandbox.aws.inside import cloudformation, doors, resources

KNOWN = ("AWS::ServiceDiscovery::HttpNamespace", "AWS::Scheduler::Schedule", "AWS::Lambda::Function")


def inside() -> cloudformation.Inside:
    module = ModuleType("ministack")
    return cloudformation.Inside(module, module, module, module, module, "http://127.0.0.1:1")


def test_a_ministack_that_knows_other_types_than_the_pinned_one_is_refused() -> None:
    with pytest.raises(SystemExit, match=r"knows AWS::EKS::AccessEntry, unlike the pinned one"):
        cloudformation.register({**dict.fromkeys(KNOWN), "AWS::EKS::AccessEntry": None}, inside())
    with pytest.raises(SystemExit, match=r"does not know AWS::ServiceDiscovery::HttpNamespace"):
        cloudformation.register({}, inside())


def test_all_types_are_registered_with_create_update_and_delete() -> None:
    handlers: dict[str, Any] = {name: {"delete": print} for name in KNOWN}
    cloudformation.register(handlers, inside())

    assert len(handlers) == 7
    assert all(set(handler) == {"create", "update", "delete"} for handler in handlers.values())


def test_a_function_that_is_not_there_cannot_be_replaced() -> None:
    with pytest.raises(SystemExit, match=r"no ministack\.missing"):
        launcher.replace(ModuleType("ministack"), "missing", print)


def test_every_request_counts_as_one_over_tls() -> None:
    seen: list[Any] = []

    async def application(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope)

    async def nothing(*_: Any) -> Any:
        return {}

    async def call() -> None:
        await doors.as_tls(application)({"type": "http", "headers": [(b"host", b"x")]}, nothing, nothing)

    asyncio.run(call())

    assert seen[0]["headers"] == [(b"host", b"x"), (b"x-forwarded-proto", b"https")]


def test_a_change_of_an_identifying_property_makes_a_new_resource_before_the_old_one_goes() -> None:
    done: list[str] = []

    class Kind(resources.Resource):
        replaced_by = ("Name",)

        def create(self, _logical_id: str, _properties: dict[str, Any], _stack: str) -> resources.Made:
            done.append("create")
            return "new", {}

        def change(self, physical_id: str, _properties: dict[str, Any]) -> resources.Made:
            done.append("change")
            return physical_id, {}

        def delete(self, _physical_id: str, _properties: dict[str, Any]) -> None:
            done.append("delete")

    assert Kind().update("old", {"Name": "a"}, {"Name": "a", "More": "b"}, "stack") == ("old", {})
    assert Kind().update("old", {"Name": "a"}, {"Name": "b"}, "stack") == ("new", {})
    assert done == ["change", "create", "delete"]
