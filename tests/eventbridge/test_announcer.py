import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.errors import McsError, PermanentError, RetryableError, UnreachableError
from cloudmap_mcs.eventbridge import messages
from cloudmap_mcs.eventbridge.announcer import EventBridgeAnnouncer, RefusedError
from cloudmap_mcs.ports import Appeared, Change
from tests.fakes.clock import FixedClock

SHOP = Appeared("shop", ClusterId("a"))
BUS = "arn:aws:events:eu-west-1:123456789012:event-bus/cloudmap-mcs-prod"


class Events:
    """boto3's client for EventBridge, as far as it is used. `refuse` are announced names, with an error code."""

    def __init__(self, refuse: dict[str, str] | None = None, error: Exception | None = None) -> None:
        self.refuse = refuse or {}
        self.error = error
        self.calls: list[list[dict[str, Any]]] = []

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  # boto3's spelling
        self.calls.append(Entries)
        if self.error:
            raise self.error
        details = [json.loads(entry["Detail"]) for entry in Entries]
        names = [detail.get("service", detail["namespace"]) for detail in details]
        answers = [
            {"ErrorCode": self.refuse[name], "ErrorMessage": "no"} if name in self.refuse else {"EventId": name}
            for name in names
        ]
        return {"FailedEntryCount": sum("ErrorCode" in item for item in answers), "Entries": answers}


def announcer(client: Events) -> EventBridgeAnnouncer:
    return EventBridgeAnnouncer(client, BUS, "prod", FixedClock(1_700_000_000_000))


def changes(count: int) -> list[Change]:
    return [Change(ServiceKey("shop", f"s{number:02}"), ClusterId("a"), number) for number in range(count)]


def test_an_event_says_where_to_look_and_nothing_else() -> None:
    client = Events()
    announcer(client).announce([Change(ServiceKey("shop", "web"), ClusterId("a"), 7)])

    ((entry,),) = client.calls
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (
        BUS,
        "cloudmap-mcs",
        "ServiceExport Changed",
    )
    assert json.loads(entry["Detail"]) == {
        "schema": 1,
        "clusterset": "prod",
        "cluster": "a",
        "namespace": "shop",
        "service": "web",
        "generation": 7,
        "time": "2023-11-14T22:13:20Z",
    }


def test_an_event_of_a_namespace_says_where_it_appeared_and_nothing_else() -> None:
    client = Events()
    announcer(client).announce([SHOP])

    ((entry,),) = client.calls
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (BUS, "cloudmap-mcs", "Namespace Appeared")
    assert json.loads(entry["Detail"]) == {
        "schema": 1,
        "clusterset": "prod",
        "cluster": "a",
        "namespace": "shop",
        "time": "2023-11-14T22:13:20Z",
    }


def test_what_is_sent_is_what_importers_read() -> None:
    client = Events()
    change = changes(1)[0]
    announcer(client).announce([change, SHOP])

    assert [messages.parse(received(entry)) for entry in client.calls[0]] == [
        messages.Arrival("prod", SHOP),
        messages.Hint("prod", change),
    ]


def received(entry: dict[str, Any]) -> str:
    """Give the body that EventBridge puts into a queue for an entry, as far as it is read."""
    detail = json.loads(entry["Detail"])
    return json.dumps({"source": entry["Source"], "detail-type": entry["DetailType"], "detail": detail})


def test_a_refused_namespace_is_given_back_beside_refused_changes() -> None:
    client = Events({"shop": "ThrottlingException", "s01": "ThrottlingException"})
    with pytest.raises(RefusedError) as caught:
        announcer(client).announce([*changes(3), SHOP])

    assert caught.value.news == [SHOP, changes(2)[1]]


def test_ten_events_go_in_one_call() -> None:
    client = Events()
    announcer(client).announce(changes(25))

    assert [len(call) for call in client.calls] == [10, 10, 5]


def test_nothing_to_announce_is_no_call() -> None:
    client = Events()
    announcer(client).announce([])

    assert client.calls == []


def test_refused_events_and_those_that_were_not_sent_yet_are_given_back() -> None:
    client = Events({"s01": "ThrottlingException", "s03": "InternalFailure"})
    with pytest.raises(RefusedError, match="2 of 10 events: InternalFailure, ThrottlingException") as caught:
        announcer(client).announce(changes(12))

    assert caught.value.news == [changes(12)[number] for number in (1, 3, 10, 11)]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "PutEvents"), PermanentError),
        (ClientError({"Error": {"Code": "ThrottlingException"}}, "PutEvents"), RetryableError),
        (ClientError({}, "PutEvents"), RetryableError),
        (EndpointConnectionError(endpoint_url="https://events"), UnreachableError),
    ],
)
def test_errors_of_the_sdk_become_ours(error: Exception, kind: type[McsError]) -> None:
    with pytest.raises(McsError, match="announcing on the event bus") as caught:
        announcer(Events(error=error)).announce(changes(1))

    assert type(caught.value) is kind
