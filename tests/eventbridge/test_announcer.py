import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.errors import McsError, PermanentError, RetryableError, UnreachableError
from cloudmap_mcs.eventbridge import messages
from cloudmap_mcs.eventbridge.announcer import EventBridgeAnnouncer, RefusedError
from cloudmap_mcs.ports import Change
from tests.fakes.clock import FixedClock

BUS = "arn:aws:events:eu-west-1:123456789012:event-bus/cloudmap-mcs-prod"


class Events:
    """boto3's client for EventBridge, as far as it is used. `refuse` are names of services, with an error code."""

    def __init__(self, refuse: dict[str, str] | None = None, error: Exception | None = None) -> None:
        self.refuse = refuse or {}
        self.error = error
        self.calls: list[list[dict[str, Any]]] = []

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  # boto3's spelling
        self.calls.append(Entries)
        if self.error:
            raise self.error
        names = [json.loads(entry["Detail"])["service"] for entry in Entries]
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


def test_what_is_sent_is_what_importers_read() -> None:
    client = Events()
    change = changes(1)[0]
    announcer(client).announce([change])
    ((entry,),) = client.calls
    body = {"source": entry["Source"], "detail-type": entry["DetailType"], "detail": json.loads(entry["Detail"])}

    assert messages.parse(json.dumps(body)) == messages.Hint("prod", change)


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

    assert [change.key.name for change in caught.value.changes] == ["s01", "s03", "s10", "s11"]


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
