"""Exports that vanish all at once."""

from cloudmap_mcs.domain.model import ServiceKey
from tests.reconcile.exporting.rig import Rig


def many(rig: Rig, count: int) -> list[ServiceKey]:
    keys = [ServiceKey("shop", f"s{number:02}") for number in range(count)]
    for key in keys:
        rig.home.export(key)
        rig.reconcile(key)
    return keys


def test_many_exports_that_vanish_at_once_are_all_held_for_two_minutes_and_then_let_go(rig: Rig) -> None:
    keys = many(rig, 20)
    rig.home.keep_only(keys[12:])

    held = [rig.reconcile(key) for key in keys[:12]]
    assert {item.look_again for item in held} == {120.0}
    assert all(item.announcement is None and item.action.startswith("held back") for item in held)

    rig.clock.ms += 120_000
    assert {rig.reconcile(key).action for key in keys[:12]} == {"unexported"}


def test_exports_that_come_back_within_two_minutes_were_never_away(rig: Rig) -> None:
    keys = many(rig, 20)
    rig.home.keep_only([])
    for key in keys:
        rig.reconcile(key)
    rig.clock.ms += 60_000
    for key in keys:
        rig.home.export(key)

    assert {rig.reconcile(key).action for key in keys} == {"unchanged"}
    assert all(record and record.is_exporter for record in map(rig.record, keys))


def test_services_that_vanish_with_their_exports_left_are_held_too(rig: Rig) -> None:
    keys = many(rig, 20)
    for key in keys:
        rig.home.delete_service(key)

    assert rig.reconcile(keys[0]).look_again == 120.0


def test_a_start_on_an_empty_api_server_withdraws_nothing_at_first(rig: Rig) -> None:
    keys = many(rig, 20)
    rig.restart()
    rig.ledger.inherit(keys)
    rig.home.keep_only([])

    assert {rig.reconcile(key).look_again for key in keys} == {120.0}
