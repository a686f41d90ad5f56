"""Requests are read whole or refused with every mistake."""

import pytest

from cloudmap_mcs.errors import PermanentError
from lambdas.customresource.request import Kind, read
from tests.lambdas.installer.requests import ARN, SIGNATURE, STACK, URL, an_event


def test_a_request_is_read_with_all_that_its_answer_repeats() -> None:
    request = read(an_event("Update", physical_id=f"{ARN}/cloudmap-mcs"))

    assert (request.kind, request.physical_id) == (Kind.UPDATE, f"{ARN}/cloudmap-mcs")
    ticket = request.ticket
    assert (ticket.url, ticket.stack_id, ticket.logical_id) == (URL, STACK, "Member0east")
    assert ticket.partition == "aws"
    assert (request.resource_type, request.properties["Cluster"]) == ("Custom::CloudmapMcsMember", "east")


def test_a_create_has_no_physical_id_yet() -> None:
    assert read(an_event()).physical_id == ""


def test_every_mistake_is_told_at_once_and_no_url() -> None:
    event = {**an_event("Replace"), "StackId": "", "RequestId": 7, "ResourceProperties": None, "ResourceType": ""}

    with pytest.raises(PermanentError) as refused:
        read(event)

    told = str(refused.value)
    for expected in (
        "StackId",
        "RequestId",
        "ResourceType",
        "ResourceProperties",
        "'Replace': must be one of Create, Update, Delete",
    ):
        assert expected in told
    assert SIGNATURE not in told


def test_a_stack_without_an_arn_is_refused() -> None:
    with pytest.raises(PermanentError, match="StackId must be an ARN"):
        read({**an_event(), "StackId": "cloudmap-mcs-prod"})
