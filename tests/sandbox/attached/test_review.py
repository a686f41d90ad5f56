import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from sandbox.attached.review import CACHE_SECONDS, Reviews, TokenRefusedError, User, ask_webhook

USER = User("somebody", ("a", "b"))


class Webhook:
    """Vouches for `good` and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, token: str) -> User:
        self.asked += 1
        if token != "good":
            raise TokenRefusedError(token)
        return USER


class Moment:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_known_token_is_asked_about_again_after_two_seconds() -> None:
    webhook, clock = Webhook(), Moment()
    reviews = Reviews(webhook, clock)

    assert reviews.user("good") == reviews.user("good") == USER
    assert webhook.asked == 1

    clock.now += CACHE_SECONDS
    reviews.user("good")
    assert webhook.asked == 2


def test_a_refusal_is_never_remembered() -> None:
    webhook = Webhook()
    reviews = Reviews(webhook, Moment())

    for _ in range(2):
        with pytest.raises(TokenRefusedError):
            reviews.user("bad")
    assert webhook.asked == 2


@contextmanager
def answering(body: Any, asked: list[Any]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()


def test_the_webhook_is_asked_with_a_token_review() -> None:
    asked: list[Any] = []
    status = {"authenticated": True, "user": {"username": "somebody", "groups": ["a", "b"]}}

    with answering({"status": status}, asked) as url:
        assert ask_webhook(url, "the-token") == USER

    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": "the-token"}}
    assert asked == [review]


@pytest.mark.parametrize(
    "body",
    [
        {"status": {"authenticated": False, "error": "expired"}},
        {"status": {"authenticated": True, "user": {"groups": ["system:masters"]}}},
        {"status": {}},
        {"kind": "Status"},
    ],
    ids=["refused", "nameless", "empty", "something-else"],
)
def test_nobody_gets_in_without_a_name_that_is_vouched_for(body: Any) -> None:
    with answering(body, []) as url, pytest.raises(TokenRefusedError):
        ask_webhook(url, "t")


def test_nobody_gets_in_while_the_local_aws_is_away() -> None:
    with pytest.raises(TokenRefusedError, match="no review"):
        ask_webhook("http://127.0.0.1:9/hook", "t")
