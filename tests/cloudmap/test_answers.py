from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from cloudmap_mcs.cloudmap import answers, members, records
from cloudmap_mcs.cloudmap.instances import Instance
from cloudmap_mcs.domain.model import ClusterId, Gap, Record, ServiceKey
from cloudmap_mcs.ports import Discovery, Index, Member, SetAside
from tests.builders import KEY, a_record, a_slice, an_export
from tests.cloudmap.checks import all_of
from tests.cloudmap.strategies import hostile_instances

ACCEPTED = frozenset(ClusterId(name) for name in "abc")
A = a_record(an_export("a", slices=[a_slice("10.0.0.1")]), 5)
B = a_record(Gap.UNEXPORTED, 6, cluster="b")
BIG = a_record(an_export("c", slices=[a_slice(*(f"10.1.{n >> 8}.{n & 255}" for n in range(900)))]), 7)
MEMBER = Member(ClusterId("a"), "uid-a", "0.1.0", (1,), 1_763_900_000, frozenset({KEY}))


def written(*found: Record) -> list[Instance]:
    return [instance for record in found for instance in all_of(records.encode(KEY, record))]


def entries(*found: Member) -> list[Instance]:
    encoded = (members.encode(member, generation=9, service_id="srv-1", known={}) for member in found)
    return [instance for one in encoded for instance in all_of(one)]


def aside(discovery: Discovery | Index) -> dict[str, str]:
    return {item.instance: item.problem for item in discovery.set_aside}


@given(st.permutations(written(A, B, BIG)))
def test_the_order_of_instances_does_not_matter(found: list[Instance]) -> None:
    assert answers.discovery(found, KEY, ACCEPTED) == Discovery((A, B, BIG))


@given(st.lists(st.sampled_from(written(A, B, BIG)), max_size=12))
def test_parts_without_their_head_and_repeated_instances_are_no_problem(found: list[Instance]) -> None:
    answer = answers.discovery(found, KEY, ACCEPTED)

    assert answer.set_aside == ()
    assert len(answer.records) == len({instance.id for instance in found if ":" not in instance.id})


@given(hostile_instances)
@example([Instance("a:1.1", {}), Instance("a", {"format": "1"}), Instance("", {"format": ""})])
def test_hostile_answers_never_raise_and_never_hide_the_others(hostile: list[Instance]) -> None:
    found = [*(one for one in hostile if one.id not in {"b", "c"} and not one.id.startswith("c:")), *written(B, BIG)]

    answer = answers.discovery(found, KEY, ACCEPTED)

    assert {B, BIG} <= set(answer.records)
    answers.index(found, ACCEPTED)


def test_what_is_not_ours_is_set_aside_with_the_reason() -> None:
    foreign = Instance("tcp-10_0_0_1-80", {"AWS_INSTANCE_IPV4": "10.0.0.1"})
    like_a_part = Instance("a:1.1", {"AWS_INSTANCE_IPV4": "10.0.0.1"})
    stranger = replace(written(A)[0], id="z")
    moved = replace(written(A)[0], id="b")

    answer = answers.discovery([foreign, like_a_part, stranger, moved, *written(BIG)], KEY, ACCEPTED)

    assert answer.records == (BIG,)
    assert aside(answer) == {
        "a:1.1": "foreign: it has no format attribute",
        "tcp-10_0_0_1-80": "foreign: it has no format attribute",
        "z": "'z' is not a cluster of this clusterset",
        "b": "says that it is of cluster a",
    }


def test_a_record_of_another_service_is_set_aside() -> None:
    answer = answers.discovery(written(A), ServiceKey("shop", "cart"), ACCEPTED)

    assert answer == Discovery((), (SetAside("a", "says that it is of service 'shop/web'"),))


def test_an_answer_that_may_have_been_cut_says_so() -> None:
    found = [Instance(f"x-{n}", {}) for n in range(1_000)]

    assert "the answer is full (1000 instances)" in aside(answers.discovery(found, KEY, ACCEPTED))["*"]
    assert not answers.index(found, ACCEPTED).complete


def test_the_index_lists_members_and_their_keys() -> None:
    other = replace(MEMBER, cluster=ClusterId("b"), keys=frozenset({ServiceKey("pay", "api")}))

    index = answers.index(entries(other, MEMBER), ACCEPTED)

    assert index == Index((MEMBER, other))
    assert index.complete
    assert index.keys == {KEY, ServiceKey("pay", "api")}


def test_an_entry_that_does_not_parse_makes_the_index_incomplete() -> None:
    broken = Instance("b", {"format": "1", "kind": "member"})

    index = answers.index([*entries(MEMBER), broken], ACCEPTED)

    assert not index.complete
    assert index.members[0] == MEMBER
    assert index.members[1] == Member(ClusterId("b"), "", "", (), 0, frozenset(), complete=False)
    assert aside(index) == {"b": "cluster '' is not a cluster id"}


def test_a_stranger_in_the_index_does_not_make_it_incomplete() -> None:
    index = answers.index([*entries(replace(MEMBER, cluster=ClusterId("z")))], ACCEPTED)

    assert index.complete
    assert aside(index) == {"z": "'z' is not a cluster of this clusterset"}
