"""The Conflict condition on the importing cluster's own ServiceExport."""

from dataclasses import replace

import pytest

from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.imports import OwnExport
from cloudmap_mcs.domain.model import ClusterId, Gap, Record
from cloudmap_mcs.domain.wellknown import ConditionType
from cloudmap_mcs.reconcile.outcome import Changed, Verb
from tests.builders import KEY, a_record, a_slice, an_export
from tests.rig import OWN, Rig

A = ClusterId("a")
OLD = a_record(an_export("a", slices=[a_slice("10.1.0.1")]), 5)
MINE = a_record(an_export(OWN, created=2_000, labels=(("app", "web"),)), 5)
AGREEING = a_record(an_export(OWN, created=2_000), 6)


def own_export(conflict: Condition | None = None) -> OwnExport:
    return OwnExport("uid-export", 7, conflict)


def conflict_of(rig: Rig) -> Condition | None:
    return rig.cluster.own_exports[KEY].conflict


def test_a_conflict_is_said_on_the_own_export_and_taken_back() -> None:
    rig = Rig()
    rig.cluster.own_exports[KEY] = own_export()

    written = rig.bring([OLD, MINE])

    said = conflict_of(rig)
    assert said is not None
    assert (said.status, said.reason, said.observed_generation) == (True, "LabelsConflict", 7)
    assert "1 of 2 clusters disagree: z (app=web)" in said.message
    assert Changed(Verb.UPDATED, "ServiceExport/status", "web") in written
    rig.bring([OLD, AGREEING])
    said = conflict_of(rig)
    assert said is not None
    assert (said.status, said.reason) == (False, "NoConflicts")


def test_a_conflict_said_already_is_not_said_again() -> None:
    rig = Rig()
    rig.cluster.own_exports[KEY] = own_export()
    rig.bring([OLD, MINE])
    rig.calls.clear()

    rig.bring([OLD, MINE])

    assert not rig.writes


SAID = Condition(ConditionType.CONFLICT, status=True, reason="PortConflict", message="old", observed_generation=7)


@pytest.mark.parametrize(
    ("records", "held", "status"),
    [
        pytest.param((OLD,), SAID, None, id="exported-elsewhere-only"),
        pytest.param((a_record(Gap.UNEXPORTED, 9),), SAID, None, id="exported-nowhere"),
        pytest.param((a_record(Gap.INCOMPLETE, 9),), SAID, None, id="exported-elsewhere-by-who-knows-what"),
        pytest.param((OLD,), None, None, id="nothing-to-take-back"),
        pytest.param((OLD,), replace(SAID, status=False), None, id="agreed-before"),
        pytest.param((a_record(Gap.INCOMPLETE, 9), MINE), SAID, True, id="not-known"),
        pytest.param((OLD, a_record(Gap.INCOMPLETE, 9, cluster=OWN)), SAID, True, id="own-terms-not-known"),
    ],
)
def test_a_cluster_that_exports_nothing_has_no_part_in_conflicts(
    records: tuple[Record, ...], held: Condition | None, status: bool | None
) -> None:
    """Its ServiceExport is there but exports nothing: no Service, or one of type ExternalName."""
    rig = Rig().holding(OLD)
    rig.cluster.own_exports[KEY] = own_export(held)

    rig.bring(records)

    now = conflict_of(rig)
    assert (now.status if now else None) is status


def test_nothing_is_taken_back_while_nothing_is_known() -> None:
    rig = Rig()
    rig.cluster.own_exports[KEY] = own_export(SAID)

    rig.bring((a_record(Gap.INCOMPLETE, 9),))

    assert conflict_of(rig) == SAID


def test_the_time_of_a_conflict_is_that_of_its_beginning_whatever_is_said_about_it_later() -> None:
    rig = Rig()
    rig.cluster.own_exports[KEY] = own_export()
    rig.bring([OLD, MINE])
    first = conflict_of(rig)
    rig.clock.ms += 60_000
    more = a_record(an_export(OWN, created=2_000, labels=(("app", "web"),), annotations=(("a", "b"),)), 6)

    rig.bring([OLD, more])
    worse = conflict_of(rig)
    rig.bring([OLD, AGREEING])
    resolved = conflict_of(rig)

    assert first is not None
    assert worse is not None
    assert resolved is not None
    assert worse.reason == "LabelsConflict,AnnotationsConflict"
    assert (worse.since, resolved.since) == (first.since, "2023-11-14T22:14:20Z")


def test_every_constituent_says_the_same_the_oldest_too() -> None:
    said = set()
    for cluster in (A, OWN):
        rig = Rig(own=cluster)
        rig.cluster.own_exports[KEY] = own_export()
        rig.bring([OLD, MINE])
        said.add(conflict_of(rig))

    assert len(said) == 1
    assert None not in said


def test_a_service_export_made_anew_meanwhile_is_observed_again() -> None:
    rig = Rig()
    rig.cluster.own_exports[KEY] = own_export()
    rig.register(OLD, MINE)
    rig.then["write_conflict 1"] = lambda: rig.cluster.own_exports.update({KEY: OwnExport("uid-new", 1, None)})

    outcome = rig.reconcile()

    said = conflict_of(rig)
    assert said is not None
    assert (said.status, said.observed_generation) == (True, 1)
    assert outcome.check


def test_without_an_own_export_there_is_nothing_to_say_it_on() -> None:
    rig = Rig()

    rig.bring([OLD, MINE])

    assert rig.writes["write_conflict"] == 0
