"""Where an answer may go, what is in it, and how it gets there."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from cloudmap_mcs.errors import McsError, PermanentError, RetryableError
from lambdas.customresource.request import Ticket
from lambdas.customresource.response import BODY_LIMIT, Answer, Mailbox, Surroundings, body
from tests.lambdas.customresource.listener import Listener, listening
from tests.lambdas.installer.requests import STACK

BUCKET = "cloudformation-custom-resource-response-euwest1"
AWS = Surroundings("eu-west-1", "amazonaws.com")
CHINA = Surroundings("cn-north-1", "amazonaws.com.cn")
LOCAL = Surroundings("eu-west-1", "amazonaws.com", "http://localhost:4777")
TICKET = Ticket("https://example", STACK, "request-1", "Member0east")


@pytest.mark.parametrize(
    ("surroundings", "url"),
    [
        pytest.param(AWS, f"https://{BUCKET}.s3.eu-west-1.amazonaws.com/a?b=c", id="dot"),
        pytest.param(AWS, f"https://{BUCKET}.s3-eu-west-1.amazonaws.com/a?b=c", id="hyphen"),
        pytest.param(AWS, f"https://{BUCKET}.s3.amazonaws.com/a", id="global"),
        pytest.param(AWS, f"https://{BUCKET}.s3.amazonaws.com:443/a", id="port"),
        pytest.param(
            CHINA,
            "https://cloudformation-custom-resource-response-cnnorth1.s3.cn-north-1.amazonaws.com.cn/a",
            id="china",
        ),
        pytest.param(LOCAL, "http://localhost:4777/_ministack/cfn-response/1", id="local"),
        pytest.param(
            Surroundings("eu-west-1", "amazonaws.com", "http://s3.local"),
            "http://s3.local:80/x",
            id="local-default-port",
        ),
    ],
)
def test_cloudformation_itself_is_answered(surroundings: Surroundings, url: str) -> None:
    surroundings.check(url)


@pytest.mark.parametrize(
    ("surroundings", "url"),
    [
        pytest.param(AWS, f"http://{BUCKET}.s3.eu-west-1.amazonaws.com/a", id="no-tls"),
        pytest.param(AWS, f"https://{BUCKET}.s3.eu-west-1.amazonaws.com:8443/a", id="other-port"),
        pytest.param(AWS, f"https://{BUCKET}.s3.eu-west-1.amazonaws.com:x/a", id="no-port"),
        pytest.param(AWS, f"https://{BUCKET}.s3.eu-west-2.amazonaws.com/a", id="other-region"),
        pytest.param(
            AWS,
            "https://cloudformation-custom-resource-response-euwest2.s3.eu-west-1.amazonaws.com/a",
            id="other-bucket",
        ),
        pytest.param(AWS, "https://somebodys-bucket.s3.eu-west-1.amazonaws.com/a", id="somebodys-bucket"),
        pytest.param(AWS, f"https://s3.eu-west-1.amazonaws.com/{BUCKET}/a", id="in-the-path"),
        pytest.param(AWS, f"https://{BUCKET}.s3.eu-west-1.amazonaws.com.evil.example/a", id="suffix"),
        pytest.param(AWS, f"https://{BUCKET}.s3.eu-west-1.amazonaws.com@evil.example/a", id="user"),
        pytest.param(AWS, f"https://x@{BUCKET}.s3.eu-west-1.amazonaws.com/a", id="with-a-user"),
        pytest.param(AWS, f"https://{BUCKET}.s3.eu-west-1.amazonaws.com.cn/a", id="other-partition"),
        pytest.param(AWS, "http://localhost:4777/a", id="local-without-an-endpoint"),
        pytest.param(LOCAL, f"https://{BUCKET}.s3.eu-west-1.amazonaws.com/a", id="aws-with-an-endpoint"),
        pytest.param(LOCAL, "http://localhost:4778/a", id="local-other-port"),
        pytest.param(LOCAL, "http://127.0.0.1:4777/a", id="local-other-name"),
        pytest.param(AWS, "not a url", id="no-url"),
    ],
)
def test_nobody_else_is_answered(surroundings: Surroundings, url: str) -> None:
    with pytest.raises(PermanentError, match="is not where CloudFormation listens"):
        surroundings.check(url)


def written(answer: Answer) -> dict[str, Any]:
    content = body(TICKET, answer, log="log stream s of g")
    assert len(content) <= BODY_LIMIT
    values: dict[str, Any] = json.loads(content)
    return values


def test_a_success_repeats_what_the_request_had() -> None:
    assert written(Answer(is_success=True, physical_id="id", data={"Done": "dns", "Told": "ü" * 3_000})) == {
        "Status": "SUCCESS",
        "PhysicalResourceId": "id",
        "StackId": STACK,
        "RequestId": "request-1",
        "LogicalResourceId": "Member0east",
        "Data": {"Done": "dns", "Told": "ü" * 999 + "…"},
    }


def test_what_is_told_is_whole_where_it_fits() -> None:
    assert written(Answer(is_success=True, physical_id="id", data={"Told": "x" * 2_000}))["Data"] == {
        "Told": "x" * 2_000
    }


def test_a_short_reason_is_told_whole_and_says_where_the_log_is() -> None:
    told = written(Answer(is_success=False, physical_id="id", reason="a\nb"))

    assert (told["Status"], told["Reason"]) == ("FAILED", "a\nb\n(see log stream s of g)")


def test_of_many_findings_the_first_are_told_whole() -> None:
    lines = [f"- finding {number}: {'ä' * 300}" for number in range(50)]

    told = written(Answer(is_success=False, physical_id="id", reason="\n".join(lines)))["Reason"].splitlines()

    assert told[:-2] == lines[: len(told) - 2]
    assert len(told) > 4
    assert told[-2:] == ["… and more", "(see log stream s of g)"]


def test_one_finding_that_is_too_long_is_cut() -> None:
    told = written(Answer(is_success=False, physical_id="id", reason="ö" * 5_000))["Reason"]

    assert told.endswith("…\n(see log stream s of g)")
    assert told.startswith("ö" * 1_000)


def test_an_answer_that_cannot_fit_is_an_error() -> None:
    with pytest.raises(PermanentError, match="no answer fits"):
        body(Ticket("u", STACK * 40, "r", "l"), Answer(is_success=False, physical_id="id", reason="x"), log="l")


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as running:
        yield running


class Sent:
    """A mailbox that notes how long it would have waited."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._http = urllib3.PoolManager()
        self._mailbox = Mailbox(self._http, self.slept.append)

    def send(self, url: str, content: bytes = b"{}") -> None:
        try:
            self._mailbox.send(url, content)
        finally:
            self._http.clear()


def test_an_answer_is_put_without_a_content_type(listener: Listener) -> None:
    Sent().send(listener.url, b'{"a": 1}')

    assert (listener.answers, listener.types) == ([{"a": 1}], [""])


@pytest.mark.parametrize("statuses", [[503], [500, 429], [0], [0, 408]], ids=str)
def test_what_passes_by_itself_is_tried_again(listener: Listener, statuses: list[int]) -> None:
    listener.statuses, sent = list(statuses), Sent()

    sent.send(listener.url)

    assert len(listener.bodies) == len(statuses) + 1
    assert sent.slept == [0.25, 0.5][: len(statuses)]


@pytest.mark.parametrize(
    ("statuses", "kind", "told"),
    [
        pytest.param([503, 503, 503], RetryableError, "127.0.0.1: 503", id="always-busy"),
        pytest.param([403], PermanentError, "127.0.0.1: 403", id="refused"),
        pytest.param([307], PermanentError, "127.0.0.1: 307", id="sent-elsewhere"),
    ],
)
def test_an_answer_that_is_not_taken_is_an_error_without_the_signature(
    listener: Listener, statuses: list[int], kind: type[McsError], told: str
) -> None:
    listener.statuses = list(statuses)

    with pytest.raises(kind, match=told) as failed:
        Sent().send(listener.url)

    assert len(listener.bodies) == len(statuses)
    assert "c2VjcmV0" not in str(failed.value)


def test_a_server_that_is_not_there_is_an_error_without_the_signature() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/?X-Amz-Signature=c2VjcmV0"
        with pytest.raises(RetryableError, match=r"127\.0\.0\.1: NewConnectionError") as failed:
            Sent().send(url)

    assert "c2VjcmV0" not in str(failed.value)
