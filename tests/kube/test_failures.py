"""Every answer of an API server means one thing; the bodies are those of kube-apiserver 1.35."""

import json
from typing import Any

import pytest

from cloudmap_mcs.errors import (
    AddressTakenError,
    InvalidError,
    McsError,
    PermanentError,
    RetryableError,
    StaleError,
)
from cloudmap_mcs.kube.failures import (
    ForbiddenError,
    GoneError,
    NotFoundError,
    RefusedFieldsError,
    TokenRefusedError,
    refusal,
    translate,
)

TERMINATING = [{"reason": "NamespaceTerminating", "message": "namespace x is being terminated", "field": "metadata"}]


def caused_by(*fields: str) -> dict[str, Any]:
    causes = [dict(zip(("field", "message"), field.split(": "), strict=False)) for field in fields]
    return {"details": {"name": "web", "causes": causes}}


ANSWERS: list[Any] = [
    pytest.param("GET", 400, {}, PermanentError, id="bad-request"),
    pytest.param("GET", 401, {}, TokenRefusedError, id="unknown-token"),
    pytest.param("GET", 403, {}, ForbiddenError, id="forbidden"),
    pytest.param("POST", 403, {"details": {"causes": TERMINATING}}, StaleError, id="namespace-terminating"),
    pytest.param("GET", 404, {"details": {"name": "web"}}, NotFoundError, id="no-such-object"),
    pytest.param("GET", 404, {"details": {}}, RetryableError, id="no-such-resource"),
    pytest.param("GET", 404, "404 page not found", RetryableError, id="no-such-group"),
    pytest.param("GET", 408, {}, RetryableError, id="timeout"),
    pytest.param("PUT", 409, {}, StaleError, id="conflict"),
    pytest.param("GET", 410, {}, GoneError, id="gone"),
    pytest.param("POST", 422, caused_by("spec.clusterIPs"), AddressTakenError, id="address-taken"),
    pytest.param("POST", 422, caused_by("spec.clusterIPs[1]"), AddressTakenError, id="second-address-unusable"),
    pytest.param("PUT", 422, caused_by("spec.clusterIPs[0]"), RefusedFieldsError, id="address-immutable"),
    pytest.param("POST", 422, caused_by("spec.clusterIPs", "spec.ports"), RefusedFieldsError, id="address-and-more"),
    pytest.param("POST", 422, {}, RefusedFieldsError, id="invalid-without-cause"),
    pytest.param("GET", 429, {}, RetryableError, id="throttled"),
    pytest.param("GET", 500, "oops", RetryableError, id="server-error"),
    pytest.param("GET", 503, {}, RetryableError, id="unavailable"),
]


def error_of(verb: str, status: int, body: Any, retry_after: str | None = None) -> McsError:
    data = body if isinstance(body, str) else json.dumps(body)
    return translate(refusal(status, f"{verb} /api/v1/x", data.encode(), retry_after))


@pytest.mark.parametrize(("verb", "status", "body", "kind"), ANSWERS)
def test_an_answer_becomes_the_error_that_says_what_to_do(verb: str, status: int, body: Any, kind: type) -> None:
    error = error_of(verb, status, body)

    assert type(error) is kind
    assert f"{verb} /api/v1/x: {status}" in str(error)


@pytest.mark.parametrize(
    ("fields", "families"),
    [
        pytest.param(("spec.ipFamilies[0]",), True, id="families"),
        pytest.param(("spec.ipFamilyPolicy",), True, id="policy"),
        pytest.param(("spec.clusterIPs[0]: expected IPv6 as indicated by `ipFamilies[0]`",), True, id="primary"),
        pytest.param(("spec.clusterIPs[0]",), False, id="address"),
        pytest.param(("spec.ports[0].name",), False, id="something-else"),
    ],
)
def test_refused_families_are_marked(fields: tuple[str, ...], families: bool) -> None:
    error = error_of("PUT", 422, caused_by(*fields))

    assert isinstance(error, InvalidError)
    assert error.families is families


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), (None, None), ("Wed, 21 Oct 2026 07:28:00 GMT", None)], ids=repr
)
def test_retry_after_is_kept_where_it_is_a_number(header: str | None, seconds: float | None) -> None:
    for status in (408, 429, 503):
        error = error_of("GET", status, {}, header)

        assert isinstance(error, RetryableError)
        assert error.retry_after == seconds


def test_long_answers_are_cut_and_odd_ones_are_kept_as_text() -> None:
    assert len(str(error_of("GET", 500, {"message": "x" * 5000}))) < 700
    assert "[1, 2]" in str(error_of("GET", 500, "[1, 2]"))
