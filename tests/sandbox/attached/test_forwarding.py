import json
from http import HTTPStatus

import pytest

from sandbox.attached.forwarding import answer_headers, bearer_token, request_headers, status_body
from sandbox.attached.review import User

USER = User("arn:aws:sts::123456789012:assumed-role/importer/x", ("cloudmap-mcs:importer", "other"))


@pytest.mark.parametrize(
    "name",
    [
        "Impersonate-User",
        "impersonate-group",
        "Impersonate-Uid",
        "Impersonate-Extra-scopes",
        "Authorization",
        "X-Remote-User",
        "X-Remote-Group",
        "Connection",
        "Upgrade",
        "Host",
        "Transfer-Encoding",
    ],
)
def test_callers_cannot_say_who_they_are_and_hops_stay_apart(name: str) -> None:
    passed = request_headers([(name, "system:masters"), ("Accept", "application/json")], None, None)

    assert list(passed.items()) == [("Accept", "application/json")]


def test_a_user_is_impersonated_with_every_group_by_the_administrator() -> None:
    headers = request_headers(
        [("Authorization", "Bearer of-caller"), ("Impersonate-User", "admin")], "Bearer boss", USER
    )

    assert headers.getlist("Authorization") == ["Bearer boss"]
    assert headers.getlist("Impersonate-User") == [USER.name]
    assert headers.getlist("Impersonate-Group") == list(USER.groups)


def test_our_administrator_is_not_impersonated() -> None:
    headers = request_headers([("Impersonate-User", "somebody")], "Bearer boss", None)

    assert dict(headers) == {"Authorization": "Bearer boss"}


def test_answers_come_back_without_what_concerns_one_hop() -> None:
    given = [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked"), ("Content-Length", "7")]

    assert answer_headers(given) == [("Content-Type", "application/json")]


@pytest.mark.parametrize(
    ("header", "token"),
    [("Bearer k8s-aws-v1.x", "k8s-aws-v1.x"), ("bearer x", "x"), ("Basic eDp5", None), ("Bearer ", None), (None, None)],
)
def test_only_bearer_tokens_count(header: str | None, token: str | None) -> None:
    assert bearer_token(header) == token


def test_errors_are_worded_as_an_api_server_words_them() -> None:
    body = json.loads(status_body(HTTPStatus.UNAUTHORIZED, "Unauthorized", "Unauthorized"))

    assert (body["kind"], body["apiVersion"], body["status"]) == ("Status", "v1", "Failure")
    assert (body["code"], body["reason"]) == (401, "Unauthorized")
