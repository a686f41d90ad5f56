from dataclasses import replace

from cloudmap_mcs.domain.imports import ImportedSlice, Seen
from cloudmap_mcs.domain.model import ClusterId, Family
from cloudmap_mcs.plan.actions import Action, Create, Delete, Replace, difference
from tests.builders import KEY, POD_HTTP


def a_value(name: str, *, hot: bool = False) -> ImportedSlice:
    return ImportedSlice(KEY, name, ClusterId("a"), "s", Family.IPV4, (POD_HTTP,) if hot else (), ())


def seen(value: ImportedSlice) -> Seen[ImportedSlice]:
    return Seen(value, f"uid-{value.name}", "1")


def actions(observed: list[ImportedSlice], wanted: list[ImportedSlice]) -> tuple[Action[ImportedSlice], ...]:
    return difference([seen(item) for item in observed], {item.name: item for item in wanted}, lambda item: item.name)


def test_what_is_missing_is_created() -> None:
    assert actions([], [a_value("a")]) == (Create(a_value("a")),)


def test_what_differs_is_replaced_in_the_state_it_was_seen() -> None:
    assert actions([a_value("a")], [a_value("a", hot=True)]) == (Replace(seen(a_value("a")), a_value("a", hot=True)),)


def test_what_is_too_much_is_deleted() -> None:
    assert actions([a_value("a")], []) == (Delete(seen(a_value("a"))),)


def test_equal_values_need_nothing() -> None:
    noted = replace(a_value("a"), generation=9)

    assert actions([a_value("a")], [noted]) == ()


def test_making_comes_before_breaking_each_by_name() -> None:
    observed = [a_value("d"), a_value("b"), a_value("a")]
    wanted = [a_value("c"), a_value("b", hot=True), a_value("e")]

    assert actions(observed, wanted) == (
        Replace(seen(a_value("b")), a_value("b", hot=True)),
        Create(a_value("c")),
        Create(a_value("e")),
        Delete(seen(a_value("a"))),
        Delete(seen(a_value("d"))),
    )
