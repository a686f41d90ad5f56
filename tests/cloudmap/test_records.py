import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cloudmap_mcs.cloudmap import instances, records, splitting
from cloudmap_mcs.cloudmap.instances import Instance
from cloudmap_mcs.domain.model import Endpoint, Export, Family, Gap, Port, Protocol, Record, ServiceKey, Slice
from cloudmap_mcs.errors import MalformedRecordError, OversizeError
from tests.builders import HTTP, KEY, POD_HTTP, a_record, a_slice, an_export
from tests.cloudmap.checks import all_of, assert_within_limits, parts_of
from tests.cloudmap.strategies import hostile_attributes, hostile_text, keys, slices, whole_records

_SLOW = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def many(count: int, *, name: str = "web-big", start: int = 0) -> Slice:
    endpoints = [
        Endpoint(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", node=f"n-{n % 7}") for n in range(start, start + count)
    ]
    return Slice.of(name, Family.IPV4, [POD_HTTP], endpoints)


def key_of(record: Record) -> ServiceKey:
    return record.content.key if isinstance(record.content, Export) else KEY


@_SLOW
@given(whole_records())
def test_any_record_encodes_within_all_limits_and_reads_back_or_is_refused_with_numbers(record: Record) -> None:
    key = key_of(record)
    try:
        encoded = records.encode(key, record)
    except OversizeError as error:
        has_numbers = re.search(r"\d,?\d+ of at most 4,850 characters|its \d+ ports do not fit", str(error))
        if not has_numbers:
            raise
        return

    assert_within_limits(all_of(encoded))
    assert records.decode(key, encoded.head, parts_of(encoded)) == record


@_SLOW
@given(keys, slices)
def test_slices_of_any_size_fit(key: ServiceKey, offered: list[Slice]) -> None:
    plain = [Slice.of(item.name, item.family, [POD_HTTP], item.endpoints) for item in offered]
    record = a_record(an_export(key=key, slices=plain))

    encoded = records.encode(key, record)

    assert_within_limits(all_of(encoded))
    assert records.decode(key, encoded.head, parts_of(encoded)) == record


@given(hostile_text, hostile_text)
@example(" " * 1_024, "x" * 1_023 + " ")
@example("a b " * 400, "%")
@example(" x", "x" * 1_023 + "  ")
def test_hostile_text_reads_back(name: str, value: str) -> None:
    export = an_export(labels=((name[:100], value[:400]),), annotations=((name[:9], value),))
    record = a_record(export)
    try:
        encoded = records.encode(KEY, record)
    except OversizeError:
        return

    assert_within_limits(all_of(encoded))
    assert records.decode(KEY, encoded.head, {}) == record


def test_a_name_can_have_any_number_of_equal_signs_in_its_value() -> None:
    record = a_record(an_export(annotations=(("a", "b=c=d;e"), ("x=y", ""))))

    assert records.decode(KEY, records.encode(KEY, record).head, {}) == record


def test_a_thousand_endpoints_go_into_parts_that_the_head_lists() -> None:
    record = a_record(an_export(slices=[many(1_000)]), 1_763_900_000_123)

    encoded = records.encode(KEY, record)

    assert [part.id for part in encoded.parts] == [f"a:1763900000123.{n}" for n in range(1, len(encoded.parts) + 1)]
    assert [ref.id(record.cluster) for ref in splitting.listed_parts(encoded.head.attributes)] == [*parts_of(encoded)]
    assert "slices" not in encoded.head.attributes
    assert records.decode(KEY, encoded.head, parts_of(encoded)) == record


def test_an_unchanged_part_is_listed_again_and_not_written_anew() -> None:
    before = [many(100, name=f"web-{n}", start=n * 100) for n in range(9)]
    after = [*before[:-1], many(99, name="web-8", start=800)]
    first = records.encode(KEY, a_record(an_export(slices=before), 1))
    known = {ref.digest: ref for ref in splitting.listed_parts(first.head.attributes)}

    second = records.encode(KEY, a_record(an_export(slices=after), 2), known)

    assert [part.id for part in second.parts if part.id not in parts_of(first)] == ["a:2.1"]
    assert set(parts_of(second)) & set(parts_of(first))
    assert records.decode(KEY, second.head, parts_of(first) | parts_of(second)).content == an_export(slices=after)


@pytest.mark.parametrize("damage", ["missing", "changed", "foreign"])
def test_a_part_that_is_not_the_one_listed_makes_the_record_incomplete(damage: str) -> None:
    record = a_record(an_export(slices=[many(600)]))
    encoded = records.encode(KEY, record)
    parts = parts_of(encoded)
    last = encoded.parts[-1]
    attributes: dict[str, str] = dict(last.attributes)
    attributes["slices"] = attributes["slices"].replace("10.0", "10.9", 1)
    parts[last.id] = Instance(last.id, {} if damage == "foreign" else attributes)
    if damage == "missing":
        del parts[last.id]

    decoded = records.decode(KEY, encoded.head, parts)

    assert decoded == replace(record, content=Gap.INCOMPLETE, head=an_export())


def test_parts_that_are_not_listed_are_not_read() -> None:
    record = a_record(an_export(slices=[a_slice("10.0.0.1")]))
    stray = records.encode(KEY, a_record(an_export(slices=[many(600)]), 7))

    assert records.decode(KEY, records.encode(KEY, record).head, parts_of(stray)) == record


def test_labels_that_are_too_long_are_refused_with_the_numbers() -> None:
    export = an_export(labels=(("team", "x" * 1_000),), annotations=(("note", "y" * 4_000),))

    with pytest.raises(OversizeError, match=r"shop/web in a .* of at most 4,850 .*labels 1,005, annotations 4,005"):
        records.encode(KEY, a_record(export))


def test_ports_that_fit_into_no_part_are_refused_with_the_numbers() -> None:
    ports = [Port(f"{'p' * 55}-{n}", Protocol.TCP, n + 1) for n in range(100)]

    with pytest.raises(OversizeError, match=r"its 100 ports do not fit"):
        records.encode(KEY, a_record(an_export(slices=[Slice.of("web", Family.IPV4, ports, [])])))


def test_more_parts_than_a_head_can_list_are_refused_with_the_numbers() -> None:
    endless = [many(900, name=f"web-{n}", start=n * 900) for n in range(60)]

    with pytest.raises(OversizeError, match=r"needs \d+ parts; .* of at most 4,850 characters"):
        records.encode(KEY, a_record(an_export(slices=endless), 1_763_900_000_123))


def test_a_generation_beyond_13_digits_is_refused() -> None:
    with pytest.raises(OversizeError, match="10000000000000"):
        records.encode(KEY, a_record(Gap.UNEXPORTED, 10**13))


def test_an_incomplete_record_is_never_written() -> None:
    with pytest.raises(ValueError, match="incomplete"):
        records.encode(KEY, a_record(Gap.INCOMPLETE))


@given(hostile_attributes, st.dictionaries(st.sampled_from(["a:1.1", "a:1.2"]), hostile_attributes, max_size=2))
def test_hostile_attributes_raise_nothing_but_malformed(
    attributes: dict[str, str], others: dict[str, dict[str, str]]
) -> None:
    parts = {name: Instance(name, value) for name, value in others.items()}
    try:
        records.decode(KEY, Instance("a", attributes), parts)
    except MalformedRecordError:
        return


@given(st.data())
def test_one_changed_attribute_raises_nothing_but_malformed(data: st.DataObject) -> None:
    whole = an_export(
        ports=(HTTP,), labels=(("a", "b"),), slices=[a_slice("10.0.0.1", zone="z", node="n", hostname="h")]
    )
    head = dict(records.encode(KEY, a_record(whole)).head.attributes)
    name = data.draw(st.sampled_from(sorted(head)))
    at = data.draw(st.integers(0, len(head[name])))
    head[name] = head[name][:at] + data.draw(hostile_text) + head[name][at + data.draw(st.integers(0, 3)) :]

    try:
        records.decode(KEY, Instance("a", head), {})
    except MalformedRecordError:
        return


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("format", "json", "format 'json'"),
        ("format", "0", "format '0'"),
        ("kind", "exports", "kind 'exports' is none of export"),
        ("kind", "member", "is a member, not an export record"),
        ("cluster", "b", "says that it is of cluster b"),
        ("cluster", "A!", "not a cluster id"),
        ("service", "shop/cart", "says that it is of service 'shop/cart'"),
        ("generation", "", "generation ''"),
        ("generation", "99999999999999", "generation '99999999999999'"),
        ("owner", "a b", "owner 'a b'"),
        ("service-id", "../x", "service-id '../x'"),
        ("created", "-1", "created '-1'"),
        ("type", "ExternalName", "'ExternalName' is none of ClusterSetIP, Headless"),
        ("families", "IPv4,IPv4", "repeat"),
        ("families", "IPv5", "'IPv5' is none of"),
        ("affinity", "Cookie", "'Cookie' is none of"),
        ("ports", "http=80/ICMP", "not a port"),
        ("labels", "team", "not a name and a value"),
        ("labels", "team=%zz", "not percent-escaped"),
        ("labels", "team=%FF", "not UTF-8"),
        ("labels", "team=é", "not percent-escaped"),
        ("slices", "web", "not an EndpointSlice"),
        ("slices", "web|FQDN|-|-", "not an EndpointSlice"),
        ("slices", "web|IPv4|-|10.0.0.1;web|IPv6|-|-", "two pieces of slice 'web'"),
        ("slices", "web|IPv4|-|10.0.0.1@9", "place that is not listed"),
        ("slices", "web|IPv4|-|10.0.0.1!x", "not an endpoint"),
        ("places", "z", "not a zone with its nodes"),
        ("parts", "1", "does not name a part"),
    ],
)
def test_what_does_not_parse_is_named(name: str, value: str, problem: str) -> None:
    head = dict(records.encode(KEY, a_record(an_export(slices=[a_slice("10.0.0.1")]))).head.attributes)
    head[name] = value

    with pytest.raises(MalformedRecordError, match=re.escape(problem)):
        records.decode(KEY, Instance("a", head), {})


def test_a_newer_format_is_incomplete_whatever_else_it_says() -> None:
    head = dict(records.encode(KEY, a_record(Gap.UNEXPORTED, 5)).head.attributes)
    head |= {"format": "2", "kind": "deferred", "ports": "{}"}

    assert records.decode(KEY, Instance("a", head), {}) == a_record(Gap.INCOMPLETE, 5)


def test_unknown_attributes_are_ignored() -> None:
    record = a_record(an_export(slices=[a_slice("10.0.0.1")]))
    head = records.encode(KEY, record).head
    more = {**head.attributes, "signature": "x" * 141, "AWS_INIT_HEALTH_STATUS": "HEALTHY"}

    assert records.decode(KEY, Instance("a", more), {}) == record


def test_nodes_of_a_zone_are_written_once_and_with_braces() -> None:
    endpoints = [Endpoint(f"10.0.0.{n}", node=f"ip-10-0-1-{n % 2}.internal", zone="us-west-2a") for n in range(1, 5)]
    export = an_export(slices=[Slice.of("web", Family.IPV4, [POD_HTTP], endpoints)])

    head = records.encode(KEY, a_record(export)).head.attributes

    assert head["places"] == "us-west-2a=ip-10-0-1-{0,1}.internal"
    assert head["slices"] == "web|IPv4|http=8080/TCP|10.0.0.1@1,10.0.0.2@0,10.0.0.3@1,10.0.0.4@0"


def test_the_limits_of_the_api_are_the_ones_we_keep() -> None:
    assert (instances.ID_LIMIT, instances.ATTRIBUTES_LIMIT, instances.TOTAL_LIMIT) == (64, 30, 5_000)
