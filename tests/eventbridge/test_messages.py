import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.eventbridge.messages import (
    Arrival,
    ForeignCall,
    Hint,
    LookAgain,
    LookAround,
    UnknownMessageError,
    delayed,
    event_detail,
    parse,
)
from cloudmap_mcs.ports import Appeared, Change
from tests.builders import KEY

CHANGE = Change(KEY, ClusterId("a"), 7)
ARN = "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-abc"
DETAIL = json.loads(event_detail("prod", CHANGE, time="2026-01-01T00:00:00Z"))
SHOP = Appeared("shop", ClusterId("a"))
PLACE = json.loads(event_detail("prod", SHOP, time="2026-01-01T00:00:00Z"))


def hint(**detail: Any) -> str:
    content = {**DETAIL, **detail}
    return json.dumps({"source": "cloudmap-mcs", "detail-type": "ServiceExport Changed", "detail": content})


def arrival(**detail: Any) -> str:
    content = {**PLACE, **detail}
    return json.dumps({"source": "cloudmap-mcs", "detail-type": "Namespace Appeared", "detail": content})


def cloudtrail(parameters: Any) -> str:
    return json.dumps(
        {
            "source": "aws.servicediscovery",
            "detail-type": "AWS API Call via CloudTrail",
            "detail": {"eventName": "RegisterInstance", "requestParameters": parameters},
        }
    )


def problem(body: str) -> str:
    with pytest.raises(UnknownMessageError) as caught:
        parse(body)
    return str(caught.value)


def test_an_event_of_a_watcher_is_a_hint() -> None:
    assert parse(hint()) == Hint("prod", CHANGE)


def test_an_event_of_a_namespace_is_an_arrival() -> None:
    assert parse(arrival()) == Arrival("prod", SHOP)


def test_an_event_of_a_later_version_is_read_as_far_as_it_is_known() -> None:
    assert parse(hint(schema=2, more="to come")) == Hint("prod", CHANGE)
    assert parse(arrival(schema=2, more="to come")) == Arrival("prod", SHOP)


@pytest.mark.parametrize("service", ["srv-abc", ARN])
def test_a_foreign_call_names_a_service_by_id_or_arn(service: str) -> None:
    assert parse(cloudtrail({"serviceId": service, "instanceId": "x", "attributes": {}})) == ForeignCall(service)


@given(
    wanted=st.dictionaries(st.sampled_from(["a", "b"]).map(ClusterId), st.integers(0, 2**60)),
    attempt=st.integers(0, 20),
)
def test_a_delayed_message_is_read_back_as_it_was_written(wanted: dict[ClusterId, int], attempt: int) -> None:
    message = LookAgain(KEY, tuple(sorted(wanted.items())), attempt)

    assert parse(delayed(message)) == message


@given(attempt=st.integers(0, 20))
def test_a_delayed_message_of_a_namespace_is_read_back_as_it_was_written(attempt: int) -> None:
    assert parse(delayed(LookAround("shop", attempt))) == LookAround("shop", attempt)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("not json", "not JSON"),
        ("[" * 200_000, "not JSON"),
        ("[]", "message: must be a JSON object"),
        ("{}", "detail: must be a JSON object"),
        ('{"detail": {}}', "source None: must be 'cloudmap-mcs' (ServiceExport Changed, Namespace"),
        ('{"source": "cloudmap-mcs", "detail-type": "Other", "detail": {}}', "source 'cloudmap-mcs'"),
        (hint(schema=0), "detail.schema 0: must be a number from 1 on"),
        (hint(schema="1"), "detail.schema"),
        (hint(cluster="A.b"), "cluster: cluster id 'A.b'"),
        (hint(cluster=None), "cluster"),
        (hint(generation=-1), "generation '-1': must be a whole number"),
        (hint(generation=True), "generation 'True'"),
        (hint(generation="7"), "generation '7'"),
        (hint(namespace=""), "namespace '': must be a text of 1 to 63"),
        (hint(namespace="x" * 64), "namespace"),
        (hint(namespace="../../secrets"), "namespace '../../secrets': must be one DNS label"),
        (hint(service="Web"), "service 'Web': must be one DNS label"),
        (hint(service=None), "service 'None'"),
        (hint(clusterset=5), "clusterset '5'"),
        (arrival(schema=0), "detail.schema 0: must be a number from 1 on"),
        (arrival(namespace="Shop"), "namespace 'Shop': must be one DNS label"),
        (arrival(namespace="x" * 64), "namespace"),
        (arrival(namespace="../kube-system"), "namespace '../kube-system': must be one DNS label"),
        (arrival(namespace=None), "namespace 'None'"),
        (arrival(cluster="A.b"), "cluster: cluster id 'A.b'"),
        (arrival(clusterset=5), "clusterset '5'"),
        (cloudtrail(None), "detail.requestParameters: must be a JSON object"),
        (cloudtrail({}), "serviceId"),
        (cloudtrail({"serviceId": "x" * 513}), "serviceId"),
        ('{"cloudmap-mcs/look-again": []}', "must be a JSON object"),
        ('{"cloudmap-mcs/look-again": {}}', "namespace 'None'"),
        ('{"cloudmap-mcs/look-again": {"namespace": "a.b"}}', "namespace 'a.b': must be one DNS label"),
        ('{"cloudmap-mcs/look-again": {"namespace": "shop", "attempt": -1}}', "attempt '-1'"),
        ('{"cloudmap-mcs/look-again": {"namespace": "shop", "service": null}}', "service 'None'"),
        ('{"cloudmap-mcs/look-again": {"namespace": "shop", "service": "web", "wanted": [1]}}', "wanted"),
        ('{"cloudmap-mcs/look-again": {"namespace": "shop", "service": "web", "attempt": 1.5}}', "attempt '1.5'"),
    ],
)
def test_anything_else_is_refused_with_the_field_and_what_is_allowed(body: str, told: str) -> None:
    assert told in problem(body)


def test_a_refusal_does_not_repeat_a_long_value() -> None:
    assert len(problem(hint(service="x" * 100_000))) < 300


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["source", "detail", "cluster", "schema", "cloudmap-mcs/look-again"]), inner)
    ),
)


@given(JSON)
def test_no_body_raises_anything_but_the_refusal(content: Any) -> None:
    try:
        parse(json.dumps(content))
    except UnknownMessageError:
        return


@pytest.mark.parametrize("field", sorted(DETAIL))
@given(content=JSON)
def test_no_field_of_a_hint_raises_anything_but_the_refusal(field: str, content: Any) -> None:
    try:
        parsed = parse(hint(**{field: content}))
    except UnknownMessageError:
        return
    assert isinstance(parsed, Hint)
    assert isinstance(parsed.change.key, ServiceKey)


@pytest.mark.parametrize("field", sorted(PLACE))
@given(content=JSON)
def test_no_field_of_an_arrival_raises_anything_but_the_refusal(field: str, content: Any) -> None:
    try:
        parsed = parse(arrival(**{field: content}))
    except UnknownMessageError:
        return
    assert isinstance(parsed, Arrival)
    assert isinstance(parsed.appeared.namespace, str)
