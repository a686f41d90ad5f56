import json
from dataclasses import replace
from typing import Any

import pytest

from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.eventbridge.invocations import Continuation, Resync, is_invocation, parse, payload
from cloudmap_mcs.eventbridge.messages import UnknownMessageError
from tests.builders import KEY

ONE = {"namespace": "shop", "service": "web"}


@pytest.mark.parametrize(
    ("event", "request_"),
    [
        ({"resync": "all"}, Resync()),
        ({"resync": ONE}, Resync(key=KEY)),
        ({"resync": {"namespace": "shop"}}, Resync(namespace="shop")),
        ({"resync": {"namespace": "shop"}, "dry_run": True}, Resync(namespace="shop", is_dry_run=True)),
        ({"resync": "all", "dry_run": True, "force": True}, Resync(is_dry_run=True, is_forced=True)),
        ({"resync": ONE, "dry_run": True, "force": False}, Resync(key=KEY, is_dry_run=True)),
    ],
)
def test_a_payload_is_a_request(event: dict[str, Any], request_: Resync) -> None:
    assert parse(event) == request_


@pytest.mark.parametrize("namespace", [None, "shop"])
def test_what_goes_on_in_the_next_invocation_is_read_there_as_it_was_written(namespace: str | None) -> None:
    request = Resync(namespace=namespace, is_dry_run=True, is_forced=True)
    continuation = Continuation(KEY, (ServiceKey("shop", "a"), ServiceKey("shop", "b")))
    event = json.loads(json.dumps(payload(request, continuation)))

    assert parse(event) == replace(request, continuation=continuation)


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ("all", 'must be a JSON object, such as {"resync": "all"}'),
        (None, "must be a JSON object"),
        ([], "must be a JSON object"),
        ({}, 'resync: must be "all", {"namespace": …, "service": …} or {"namespace": …}'),
        ({"resync": "everything"}, 'resync: must be "all"'),
        ({"resync": {}}, "namespace 'None'"),
        ({"resync": {"service": "web"}}, "namespace 'None'"),
        ({"resync": {"namespace": "shop", "service": None}}, "service 'None'"),
        ({"resync": {"namespace": "shop", "servcie": "web"}}, "servcie: unknown; allowed are namespace, service"),
        ({"resync": {"namespace": "Shop"}}, "namespace 'Shop': must be one DNS label"),
        ({"resync": {"namespace": "Shop", "service": "web"}}, "namespace 'Shop': must be one DNS label"),
        ({"resync": "all", "dryrun": True}, "dryrun: unknown; allowed are continue, dry_run, force, resync"),
        ({"resync": "all", "force": "yes"}, "force 'yes': must be true or false"),
        ({"resync": "all", "dry_run": 1}, "dry_run 1: must be true or false"),
        ({"resync": "all", "continue": {}}, "continue: must be"),
        ({"resync": "all", "continue": {"after": ONE, "held_back": ["x"]}}, "namespace 'None'"),
    ],
)
def test_a_bad_payload_is_answered_with_what_is_allowed(event: Any, told: str) -> None:
    assert is_invocation(event)
    with pytest.raises(UnknownMessageError) as caught:
        parse(event)

    assert told in str(caught.value)


def test_a_batch_of_a_queue_is_no_invocation() -> None:
    assert not is_invocation({"Records": []})
