import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from cloudmap_mcs.cloudmap import members, splitting
from cloudmap_mcs.cloudmap.instances import Encoded, Instance
from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.errors import MalformedRecordError, OversizeError
from cloudmap_mcs.ports import Member
from tests.cloudmap.checks import all_of, assert_within_limits, parts_of
from tests.cloudmap.strategies import hostile_attributes
from tests.cloudmap.strategies import members as any_member

KEYS = frozenset(ServiceKey("shop", f"service-{n:03}") for n in range(500))
MEMBER = Member(ClusterId("a"), "uid-a", "0.1.0", (1,), 1_763_900_000, frozenset({ServiceKey("shop", "web")}))


def encode(member: Member) -> Encoded:
    return members.encode(member, generation=9, service_id="srv-1", known={})


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(any_member)
def test_any_entry_encodes_within_all_limits_and_reads_back(member: Member) -> None:
    encoded = encode(member)

    assert_within_limits(all_of(encoded))
    assert members.decode(encoded.head, parts_of(encoded)) == member


def test_many_keys_go_into_parts_and_a_missing_one_makes_the_entry_incomplete() -> None:
    encoded = encode(replace(MEMBER, keys=KEYS))
    first, *others = encoded.parts

    decoded = members.decode(encoded.head, {part.id: part for part in others})

    assert first.id == "a:9.1"
    assert (decoded.owner, decoded.complete, decoded.keys) == ("uid-a", False, frozenset())


def test_a_heartbeat_writes_no_part_anew() -> None:
    first = encode(replace(MEMBER, keys=KEYS))
    known = {ref.digest: ref for ref in splitting.listed_parts(first.head.attributes)}

    second = members.encode(replace(MEMBER, keys=KEYS, heartbeat=2), generation=10, service_id="srv-1", known=known)

    assert second.parts == first.parts


def test_an_entry_that_does_not_fit_is_refused_with_the_numbers() -> None:
    with pytest.raises(OversizeError, match=r"5,\d+ of at most 4,850 characters"):
        encode(replace(MEMBER, version="v" * 5_000))


def test_a_newer_entry_still_says_whose_it_is() -> None:
    head = encode(MEMBER).head

    decoded = members.decode(Instance("a", {**head.attributes, "format": "2", "formats": "?"}), {})

    assert decoded == Member(ClusterId("a"), "uid-a", "", (), 0, frozenset(), complete=False)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("kind", "export", "is a export, not a member"),
        ("cluster", "b", "says that it is of b in 'members'"),
        ("service", "shop/web", "says that it is of a in 'shop/web'"),
        ("formats", "1,x", "format 'x'"),
        ("heartbeat", "", "heartbeat ''"),
        ("keys", "shop", "'shop'/'' is not a service"),
        ("keys", "shop=Web", "'shop'/'Web' is not a service"),
        ("version", "%", "not percent-escaped"),
    ],
)
def test_what_does_not_parse_is_named(name: str, value: str, problem: str) -> None:
    attributes = {**encode(MEMBER).head.attributes, name: value}

    with pytest.raises(MalformedRecordError, match=re.escape(problem)):
        members.decode(Instance("a", attributes), {})


@given(hostile_attributes)
def test_hostile_attributes_raise_nothing_but_malformed(attributes: dict[str, str]) -> None:
    try:
        members.decode(Instance("a", attributes), {})
    except MalformedRecordError:
        return
