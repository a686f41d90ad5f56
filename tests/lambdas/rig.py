"""The importer function's door on doubles: cluster, registry, queue and self-invocation."""

import json
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any

from botocore.exceptions import ClientError

from cloudmap_mcs.domain.model import ClusterId, Record
from cloudmap_mcs.eventbridge.messages import LookAgain, LookAround, detail_type, event_detail, parse
from cloudmap_mcs.ports import Appeared, Change, Member, News
from cloudmap_mcs.reconcile.importing import Importer
from lambdas.importer.batch import Accept
from lambdas.importer.door import Door
from lambdas.importer.postponing import OwnQueue
from tests.builders import MEMBERS
from tests.fakes.clock import FixedClock
from tests.fakes.cluster import InMemoryCluster
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.writing import Troubles

QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/cloudmap-mcs-prod-z"
A = ClusterId("a")


class Sqs:
    """boto3's client for SQS, as far as it is used. Refuses the bodies in which one of `refuse` is found."""

    def __init__(self) -> None:
        self.sent: list[tuple[LookAgain | LookAround, int]] = []
        self.refuse: list[str] = []
        self.visible: dict[str, int] = {}

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int) -> None:  # noqa: N803  # boto3's
        assert QueueUrl == QUEUE
        if any(text in MessageBody for text in self.refuse):
            raise ClientError({"Error": {"Code": "RequestThrottled"}}, "SendMessage")
        message = parse(MessageBody)
        assert isinstance(message, LookAgain | LookAround)
        self.sent.append((message, DelaySeconds))

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:  # noqa: N803  # boto3's
        assert QueueUrl == QUEUE
        self.visible[ReceiptHandle] = VisibilityTimeout
        if self.refuse:
            raise ClientError({"Error": {"Code": "InvalidParameterValue"}}, "ChangeMessageVisibility")


class Rig:
    """One importing cluster z; `register` writes what cluster a offers."""

    def __init__(self, executor: Executor) -> None:
        self.troubles = Troubles()
        self.clock = FixedClock()
        self.registry = InMemoryRegistry(before=self.troubles)
        self.cluster = InMemoryCluster(before=self.troubles)
        self.sqs = Sqs()
        self.invoked: list[Mapping[str, Any]] = []
        self.pause_ms = 0
        self.pauses = 0
        self.door = Door(
            importer=Importer(ClusterId("z"), self.cluster, self.registry, self.clock, MEMBERS),
            accept=Accept("prod", frozenset([A, ClusterId("b")]), self.registry.key_of),
            queue=OwnQueue(self.sqs, QUEUE),
            executor=executor,
            clock=self.clock,
            pause=self._pause,
            go_on=self.invoked.append,
        )

    def _pause(self) -> None:
        self.pauses += 1
        self.clock.ms += self.pause_ms

    def register(self, *records: Record) -> None:
        for record in records:
            assert record.offer
            self.registry.write(record.offer.key, record.cluster, record)
        keys = frozenset(key for key, _ in self.registry.history)
        self.registry.members[A] = Member(A, "uid-a", "1", (1,), 0, keys)


def a_hint(record: Record) -> str:
    """Give the body that EventBridge puts into the queue for a watcher's event."""
    assert record.offer
    return an_event(Change(record.offer.key, record.cluster, record.generation))


def an_arrival(namespace: str, *, clusterset: str = "prod") -> str:
    """Give the body that EventBridge puts into the queue when a namespace appeared."""
    return an_event(Appeared(namespace, ClusterId("z")), clusterset)


def an_event(news: News, clusterset: str = "prod") -> str:
    return json.dumps(
        {
            "version": "0",
            "id": "5a2e8f0e-5b7a-4f0e-9d0f-3b9c6c1d2e4f",
            "detail-type": detail_type(news),
            "source": "cloudmap-mcs",
            "account": "123456789012",
            "time": "2026-01-01T00:00:00Z",
            "region": "eu-west-1",
            "resources": [],
            "detail": json.loads(event_detail(clusterset, news, time="2026-01-01T00:00:00Z")),
        }
    )


def a_foreign_call(service: str) -> str:
    """Give the body that EventBridge puts into the queue for a call recorded by CloudTrail."""
    return json.dumps(
        {
            "version": "0",
            "detail-type": "AWS API Call via CloudTrail",
            "source": "aws.servicediscovery",
            "account": "123456789012",
            "detail": {
                "eventVersion": "1.10",
                "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::123456789012:assumed-role/admin/x"},
                "eventSource": "servicediscovery.amazonaws.com",
                "eventName": "DeregisterInstance",
                "requestParameters": {"serviceId": service, "instanceId": "a"},
                "responseElements": {"operationId": "op-1"},
            },
        }
    )


def a_batch(bodies: Mapping[str, str], *, receives: int = 1) -> dict[str, Any]:
    """Give the event that Lambda makes of queue messages, by message id."""
    return {
        "Records": [
            {
                "messageId": message_id,
                "receiptHandle": f"handle-{message_id}",
                "body": body,
                "attributes": {
                    "ApproximateReceiveCount": str(receives),
                    "SentTimestamp": "1767225600000",
                    "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                    "ApproximateFirstReceiveTimestamp": "1767225600001",
                },
                "messageAttributes": {},
                "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:cloudmap-mcs-prod-z",
                "awsRegion": "eu-west-1",
            }
            for message_id, body in bodies.items()
        ]
    }
