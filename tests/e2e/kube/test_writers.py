"""Several writers side by side: importers, watchers and people, on one object."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.imports import Note, OwnExport
from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.domain.wellknown import ConditionType, Reason
from cloudmap_mcs.errors import StaleError
from cloudmap_mcs.kube.client import Call, KubeClient
from cloudmap_mcs.kube.cluster import KubeCluster
from cloudmap_mcs.kube.exports import export_seen
from cloudmap_mcs.kube.home import HomeCluster, Lease
from sandbox.controlplane.client import KubeClient as Bystander
from tests.e2e.kube.lab import MCS, an_export_in, an_import

pytestmark = pytest.mark.e2e


CONFLICT = Condition(ConditionType.CONFLICT, True, Reason.PORT_CONFLICT, "ports differ", 1, "2026-01-02T03:04:05Z")  # noqa: FBT003
VALID = replace(CONFLICT, type=ConditionType.VALID, reason=Reason.VALID, message="")
READY = replace(CONFLICT, type=ConditionType.READY, status=None, reason=Reason.PENDING, message="")


def test_importer_and_watcher_own_their_conditions_side_by_side(
    client: KubeClient, bystander: Bystander, namespace: str
) -> None:
    key = ServiceKey(namespace, "web")
    path = f"{MCS}/namespaces/{namespace}/serviceexports"
    seen = export_seen(bystander.create(path, an_export_in(namespace, "web")))
    assert seen is not None

    KubeCluster(client).write_conflict(key, OwnExport(seen.uid, 1, None), CONFLICT)
    HomeCluster(client).write_conditions(seen, (VALID, READY))
    KubeCluster(client).write_conflict(key, OwnExport(seen.uid, 1, None), replace(CONFLICT, status=False))

    again = export_seen(bystander.get(f"{path}/web"))
    assert again is not None
    assert set(again.conditions) == {replace(CONFLICT, status=False), VALID, READY}
    assert {condition.since for condition in again.conditions} == {"2026-01-02T03:04:05Z"}
    observed = KubeCluster(client).observe(key).export
    assert observed == OwnExport(seen.uid, 1, replace(CONFLICT, status=False))


def test_conditions_never_reach_a_service_export_that_is_gone_or_was_made_anew(
    client: KubeClient, bystander: Bystander, namespace: str
) -> None:
    path = f"{MCS}/namespaces/{namespace}/serviceexports"
    seen = export_seen(bystander.create(path, an_export_in(namespace, "web")))
    assert seen is not None
    bystander.delete(f"{path}/web")

    with pytest.raises(StaleError):
        HomeCluster(client).write_conditions(seen, (VALID,))
    assert bystander.get(path)["items"] == []
    bystander.create(path, an_export_in(namespace, "web"))
    with pytest.raises(StaleError):
        HomeCluster(client).write_conditions(seen, (VALID,))
    ask = client.request

    def late(call: Call) -> dict[str, Any]:
        """Let the object be made anew between our read and our write."""
        answer = ask(call)
        if call.verb == "GET":
            bystander.delete(f"{path}/web")
            bystander.create(path, an_export_in(namespace, "web"))
        return answer

    again = export_seen(bystander.get(f"{path}/web"))
    assert again is not None
    client.request = late  # type: ignore[method-assign]  # to get between two calls
    with pytest.raises(StaleError):
        HomeCluster(client).write_conditions(again, (VALID,))

    assert "status" not in bystander.get(f"{path}/web")


def test_a_lease_has_one_winner(client: KubeClient, namespace: str) -> None:
    home = HomeCluster(client)
    mine, yours = (Lease(name, 15, 1_700_000_000_123, 1_700_000_001_456) for name in ("mine", "yours"))
    assert home.read_lease(namespace, "watcher") is None

    created = home.create_lease(namespace, "watcher", mine)
    with pytest.raises(StaleError):
        home.create_lease(namespace, "watcher", yours)
    renewed = home.update_lease(created, replace(mine, renewed_ms=1_700_000_009_000))
    with pytest.raises(StaleError):
        home.update_lease(created, yours)

    assert created.value == mine
    assert home.read_lease(namespace, "watcher") == renewed
    assert renewed.value.renewed_ms == 1_700_000_009_000


def test_a_cluster_knows_its_owner(client: KubeClient, bystander: Bystander) -> None:
    uid = bystander.get("/api/v1/namespaces/kube-system")["metadata"]["uid"]

    assert HomeCluster(client).owner() == uid


def test_two_writers_at_once_lose_no_update(client: KubeClient, namespace: str) -> None:
    key, rounds = ServiceKey(namespace, "web"), 20
    KubeCluster(client).create(an_import(key, notes=()))

    def count_up(writer: str) -> int:
        cluster, stale, done = KubeCluster(client), 0, 0
        while done < rounds:
            seen = cluster.observe(key).service_import
            assert seen is not None
            counts = {note.source: note.generation for note in seen.value.notes}
            counts[ClusterId(writer)] = counts.get(ClusterId(writer), 0) + 1
            notes = tuple(Note(source, count, "") for source, count in sorted(counts.items()))
            try:
                cluster.replace(seen, replace(seen.value, notes=notes))
                done += 1
            except StaleError:
                stale += 1
        return stale

    with ThreadPoolExecutor(2) as pool:
        stale = list(pool.map(count_up, "ab"))

    seen = KubeCluster(client).observe(key).service_import
    assert seen is not None
    assert {note.source: note.generation for note in seen.value.notes} == {"a": rounds, "b": rounds}
    assert sum(stale) > 0
