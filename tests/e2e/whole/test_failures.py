"""What breaks and comes back: lost processes, outages, stale reads, hands in the wrong place."""

import json

import pytest

from tests.e2e.waiting import eventually
from tests.e2e.whole.lab import Lab

pytestmark = pytest.mark.e2e


def test_a_killed_watcher_comes_back_and_catches_up_with_what_it_missed(lab: Lab) -> None:
    kept, dropped = lab.exported("10.201.7.1"), lab.exported("10.201.7.2")

    lab.kill_watcher(lab.east)
    lab.east.endpoints(kept, "web", "10.201.7.3")
    lab.east.unexport(dropped)
    lab.start_watcher(lab.east)

    eventually("the missed change", lambda: lab.west.addresses(kept) == {"10.201.7.3"}, seconds=60)
    eventually("the missed unexport", lambda: not lab.west.owned(dropped), seconds=60)


def test_an_outage_of_cloud_map_deletes_nothing_and_is_made_up_for(lab: Lab) -> None:
    namespace = lab.exported("10.201.7.4")
    before = lab.west.owned(namespace)
    lab.simulator.change(faults=[{"operation": "*", "error": "ServiceUnavailable"}])

    lab.east.endpoints(namespace, "web", "10.201.7.5")
    report = lab.invoke(lab.west, resync="all")

    assert "errorMessage" in report, "a resync that cannot read the index fails as a whole"
    assert lab.west.owned(namespace) == before
    assert lab.east.condition(namespace, "Ready")[0] == "True", "what is exported stays Ready while a retry is due"
    lab.simulator.change(faults=[])
    eventually("the change after the outage", lambda: lab.west.addresses(namespace) == {"10.201.7.5"}, seconds=90)


def test_stale_reads_of_the_data_plane_delay_a_change_but_never_undo_it(lab: Lab) -> None:
    namespace = lab.exported("10.201.7.6")
    lab.simulator.change(lag="1500ms")

    lab.east.endpoints(namespace, "web", "10.201.7.7")
    eventually("the change", lambda: lab.west.addresses(namespace) == {"10.201.7.7"})
    lab.east.unexport(namespace)

    eventually("nothing is left", lambda: not lab.west.owned(namespace), seconds=60)


def test_a_removed_record_is_noticed_by_the_cloudtrail_event_of_another_role_whatever_its_user_agent(lab: Lab) -> None:
    namespace = lab.exported("10.201.7.8")
    service = lab.service_id(namespace)
    lab.sandbox.aws.client("servicediscovery").deregister_instance(ServiceId=service, InstanceId="east")
    eventually("the record is gone", lambda: "east" not in lab.instances(namespace))

    lab.cloudtrail("DeregisterInstance", serviceId=service, instanceId="east")

    eventually("the import follows", lambda: not lab.west.owned(namespace))


def test_many_vanished_records_are_not_believed_by_a_resync_unless_forced(lab: Lab) -> None:
    namespace = lab.fresh_namespace()
    names = [f"web-{number}" for number in range(12)]
    for name in names:
        lab.east.service(namespace, name)
        lab.east.endpoints(namespace, name, "10.201.7.9")
        lab.east.export(namespace, name)
    eventually("all imports", lambda: len(lab.west.imports(namespace)) == 12, seconds=60)
    lab.kill_watcher(lab.east)
    lab.settle(lab.west)
    client = lab.sandbox.aws.client("servicediscovery")
    for name in names:
        client.deregister_instance(ServiceId=lab.service_id(namespace, name), InstanceId="east")
    eventually("all records are gone", lambda: not any(lab.instances(namespace, name) for name in names))

    braked = lab.invoke(lab.west, resync="all")
    held = len(lab.west.imports(namespace))
    rehearsed = lab.invoke(lab.west, resync="all", force=True, dry_run=True)
    still_held = len(lab.west.imports(namespace))
    forced = lab.invoke(lab.west, resync="all", force=True)

    assert len(braked["brake"]["held_back"]) == 12
    assert (held, still_held) == (12, 12)
    assert (rehearsed["dry_run"], forced["complete"]) == (True, True)
    assert not lab.west.imports(namespace)
    lab.start_watcher(lab.east)
    eventually("the audit writes the records again", lambda: len(lab.west.imports(namespace)) == 12, seconds=60)


def test_an_import_damaged_by_hand_is_repaired_by_a_manual_invoke(lab: Lab) -> None:
    namespace = lab.exported("10.201.7.10")
    lab.settle(lab.west)
    name = lab.west.imported_slices(namespace)[0]["metadata"]["name"]
    path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices/{name}"
    lab.west.client.patch(path, {"endpoints": []})

    rehearsal = lab.invoke(lab.west, resync={"namespace": namespace, "service": "web"}, dry_run=True)
    damaged = lab.west.addresses(namespace)
    report = lab.invoke(lab.west, resync={"namespace": namespace, "service": "web"})

    assert rehearsal["keys"][f"{namespace}/web"]["updated"] == [f"EndpointSlice/{name}"]
    assert damaged == set()
    assert report["keys"][f"{namespace}/web"]["updated"] == [f"EndpointSlice/{name}"]
    assert lab.west.addresses(namespace) == {"10.201.7.10"}


def test_a_payload_nobody_understands_is_refused_with_what_is_allowed(lab: Lab) -> None:
    answer = json.dumps(lab.invoke(lab.west, resync="everything"))

    assert "resync: must be" in answer
