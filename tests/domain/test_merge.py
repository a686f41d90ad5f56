from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudmap_mcs.domain.merge import FIELDS, Conflict, Loser, merge
from cloudmap_mcs.domain.model import Affinity, ClusterId, Family, Port, Protocol, ServiceType
from cloudmap_mcs.domain.wellknown import Reason
from tests.builders import HTTP, an_export
from tests.strategies import offers

A, B = ClusterId("a"), ClusterId("b")
V4, V6 = Family.IPV4, Family.IPV6
METRICS = Port("metrics", Protocol.TCP, 9090)

FIELD_CASES = [
    pytest.param(
        {"type": ServiceType.CLUSTER_SET_IP},
        {"type": ServiceType.HEADLESS},
        Conflict(Reason.TYPE_CONFLICT, "type", "ClusterSetIP", A, (Loser(B, "Headless"),)),
        id="type",
    ),
    pytest.param(
        {"affinity": Affinity.NONE},
        {"affinity": Affinity.CLIENT_IP},
        Conflict(Reason.SESSION_AFFINITY_CONFLICT, "sessionAffinity", "None", A, (Loser(B, "ClientIP"),)),
        id="session-affinity",
    ),
    pytest.param(
        {"affinity": Affinity.CLIENT_IP, "affinity_timeout": 60},
        {"affinity": Affinity.CLIENT_IP, "affinity_timeout": 90},
        Conflict(Reason.SESSION_AFFINITY_CONFIG_CONFLICT, "sessionAffinityConfig", "60", A, (Loser(B, "90"),)),
        id="session-affinity-config",
    ),
    pytest.param(
        {"internal_traffic_policy": None},
        {"internal_traffic_policy": "Local"},
        Conflict(
            Reason.INTERNAL_TRAFFIC_POLICY_CONFLICT,
            "internalTrafficPolicy",
            "not set",
            A,
            (Loser(B, "Local"),),
        ),
        id="internal-traffic-policy",
    ),
    pytest.param(
        {"traffic_distribution": "PreferClose"},
        {"traffic_distribution": None},
        Conflict(
            Reason.TRAFFIC_DISTRIBUTION_CONFLICT,
            "trafficDistribution",
            "PreferClose",
            A,
            (Loser(B, "not set"),),
        ),
        id="traffic-distribution",
    ),
    pytest.param(
        {"labels": (("app", "web"), ("tier", "one"))},
        {"labels": (("app", "web"),)},
        Conflict(Reason.LABELS_CONFLICT, "exportedLabels", "app=web, tier=one", A, (Loser(B, "app=web"),)),
        id="exported-labels",
    ),
    pytest.param(
        {"annotations": ()},
        {"annotations": (("note", "x"),)},
        Conflict(Reason.ANNOTATIONS_CONFLICT, "exportedAnnotations", "none", A, (Loser(B, "note=x"),)),
        id="exported-annotations",
    ),
    pytest.param(
        {"ports": (HTTP, Port("", Protocol.UDP, 53))},
        {"ports": (METRICS,)},
        Conflict(Reason.PORT_CONFLICT, "ports", "http 80/TCP, (unnamed) 53/UDP", A, (Loser(B, "metrics 9090/TCP"),)),
        id="ports",
    ),
    pytest.param(
        {"families": (V4,)},
        {"families": (V6,)},
        Conflict(Reason.IP_FAMILY_CONFLICT, "ipFamilies", "IPv4", A, (Loser(B, "IPv6"),)),
        id="ip-families",
    ),
]


@pytest.mark.parametrize(("older", "younger", "conflict"), FIELD_CASES)
def test_a_disagreement_names_field_value_holder_and_losers(
    older: dict[str, Any], younger: dict[str, Any], conflict: Conflict
) -> None:
    """KEP-1645, "Conflict resolution policy"."""
    merged = merge([an_export("b", created=2, **younger), an_export("a", created=1, **older)])

    assert merged.conflicts == (conflict,)


@pytest.mark.parametrize(("older", "younger", "_"), FIELD_CASES[:-2])
def test_the_oldest_value_holds(older: dict[str, Any], younger: dict[str, Any], _: Conflict) -> None:
    oldest = an_export("b", created=1, **older)

    merged = merge([an_export("a", created=2, **younger), oldest])

    alone = merge([oldest])
    assert replace(merged, sources=alone.sources, conflicts=()) == alone


def test_every_row_of_the_table_has_a_case() -> None:
    covered = {case.values[2].reason for case in FIELD_CASES if isinstance(case.values[2], Conflict)}

    assert {row.reason for row in FIELDS} | {Reason.PORT_CONFLICT, Reason.IP_FAMILY_CONFLICT} == covered


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"internal_traffic_policy": None}, {"internal_traffic_policy": "Cluster"}, id="policy-unset"),
        pytest.param({"traffic_distribution": "PreferClose"}, {"traffic_distribution": "PreferSameZone"}, id="alias"),
        pytest.param({"ports": (HTTP, METRICS)}, {"ports": (METRICS, HTTP)}, id="port-order"),
        pytest.param({"families": (V4, V6)}, {"families": (V6, V4)}, id="family-order"),
        pytest.param({"families": (V4, V6)}, {"families": (V6,)}, id="more-families"),
    ],
)
def test_what_means_the_same_is_no_conflict(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert merge([an_export("a", **one), an_export("b", **other)]).conflicts == ()
    assert merge([an_export("a", **other), an_export("b", **one)]).conflicts == ()


def test_all_conflicts_are_collected_and_only_the_dissenters_lose() -> None:
    merged = merge(
        [
            an_export("a", created=1),
            an_export("b", created=2, type=ServiceType.HEADLESS, labels=(("x", "y"),)),
            an_export("c", created=3, labels=(("x", "z"),)),
        ]
    )

    assert [(item.reason, item.losers) for item in merged.conflicts] == [
        (Reason.TYPE_CONFLICT, (Loser(B, "Headless"),)),
        (Reason.LABELS_CONFLICT, (Loser(B, "x=y"), Loser(ClusterId("c"), "x=z"))),
    ]


def test_a_disagreement_about_the_application_protocol_alone_can_be_seen_in_its_words() -> None:
    younger = an_export("b", created=2, ports=(Port("http", Protocol.TCP, 80, "h2c"),))

    (conflict,) = merge([an_export("a", created=1), younger]).conflicts

    assert (conflict.held, conflict.losers) == ("http 80/TCP", (Loser(B, "http 80/TCP (h2c)"),))


def test_a_value_longer_than_a_message_may_be_is_cut_and_the_others_stay_readable() -> None:
    exports = [an_export("a", created=1, annotations=(("a", "x" * 300),)), an_export("b", created=2)]

    (conflict,) = merge(exports).conflicts

    assert conflict.held == "a=" + "x" * 253 + "…"


def test_equal_creation_times_are_decided_by_cluster_id() -> None:
    """Pitfall of one-second timestamps; the tie is ours."""
    merged = merge([an_export("b", labels=(("x", "b"),)), an_export("a", labels=(("x", "a"),))])

    assert merged.sources == ("a", "b")
    assert merged.labels == (("x", "a"),)


def test_an_older_export_beats_a_smaller_cluster_id() -> None:
    assert merge([an_export("a", created=2), an_export("b", created=1)]).sources == ("b", "a")


QUIC = Port("quic", Protocol.UDP, 80)
BARE, BARE_81 = Port("", Protocol.TCP, 80), Port("", Protocol.TCP, 81)

PORT_CASES = [
    pytest.param((HTTP,), (HTTP, METRICS), (HTTP, METRICS), True, id="superset-is-a-conflict"),
    pytest.param((HTTP, METRICS), (HTTP,), (HTTP, METRICS), True, id="subset-is-a-conflict"),
    pytest.param((HTTP,), (Port("http", Protocol.TCP, 81),), (HTTP,), True, id="same-name-other-number"),
    pytest.param((HTTP,), (Port("http", Protocol.UDP, 80),), (HTTP,), True, id="same-name-other-protocol"),
    pytest.param((HTTP,), (Port("web", Protocol.TCP, 80),), (HTTP,), True, id="same-transport-other-name"),
    pytest.param((HTTP,), (Port("http", Protocol.TCP, 80, "h2c"),), (HTTP,), True, id="other-app-protocol"),
    pytest.param((HTTP,), (QUIC,), (HTTP, QUIC), True, id="same-number-other-protocol-are-two"),
    pytest.param((BARE,), (BARE_81,), (BARE,), True, id="unnamed-counts-as-a-name"),
    pytest.param((), (HTTP,), (HTTP,), True, id="none-and-one"),
    pytest.param((), (), (), False, id="none"),
]


@pytest.mark.parametrize(("older", "younger", "united", "has_conflict"), PORT_CASES)
def test_ports_are_united_by_name_then_by_number_and_protocol(
    older: tuple[Port, ...], younger: tuple[Port, ...], united: tuple[Port, ...], has_conflict: bool
) -> None:
    """KEP-1645, "Service Port"."""
    merged = merge([an_export("a", created=1, ports=older), an_export("b", created=2, ports=younger)])

    assert merged.ports == united
    assert bool(merged.conflicts) == has_conflict


def test_a_port_lost_to_one_elder_can_not_come_back_by_another() -> None:
    ports = [
        (HTTP,),
        (Port("http", Protocol.TCP, 81), METRICS),
        (Port("other", Protocol.TCP, 9090), Port("x", Protocol.TCP, 81)),
    ]
    exports = [
        an_export(name, created=at, ports=held) for at, (name, held) in enumerate(zip("abc", ports, strict=True))
    ]

    assert merge(exports).ports == (HTTP, METRICS, Port("x", Protocol.TCP, 81))


@pytest.mark.parametrize(
    "key",
    ["cloudmap-mcs/x", "multicluster.kubernetes.io/service-name", "endpointslice.kubernetes.io/managed-by"],
)
def test_reserved_keys_are_not_carried_over(key: str) -> None:
    merged = merge([an_export(labels=((key, "x"), ("mine", "y")), annotations=((key, "x"), ("mine", "z")))])

    assert merged.labels == (("mine", "y"),)
    assert merged.annotations == (("mine", "z"),)


def test_one_export_is_taken_over_whole() -> None:
    export = an_export(
        ports=(HTTP, METRICS),
        families=(V6, V4),
        affinity=Affinity.CLIENT_IP,
        affinity_timeout=60,
        internal_traffic_policy="Local",
        traffic_distribution="PreferSameNode",
    )

    merged = merge([export])

    assert (merged.key, merged.type, merged.ports, merged.families) == (
        export.key,
        export.type,
        export.ports,
        export.families,
    )
    traffic = merged.traffic
    assert (traffic.affinity, traffic.affinity_timeout, traffic.internal_policy, traffic.distribution) == (
        Affinity.CLIENT_IP,
        60,
        "Local",
        "PreferSameNode",
    )


@given(offers())
def test_the_result_does_not_depend_on_the_order(exports: list[Any]) -> None:
    results = {merge(order) for order in permutations(exports)}

    assert len(results) == 1


@given(offers(), st.data())
def test_united_ports_have_unique_names_and_transports_and_keep_all_of_the_oldest(
    exports: list[Any], data: st.DataObject
) -> None:
    ports = merge(data.draw(st.permutations(exports))).ports

    oldest = min(exports, key=lambda export: export.precedence)
    assert len({port.name for port in ports}) == len({port.transport for port in ports}) == len(ports)
    kept = zip(ports, oldest.ports, strict=False)
    assert all(port == replace(held, name=held.name or port.name) for port, held in kept)
    assert all(port.name for port in ports) or len(ports) == 1
