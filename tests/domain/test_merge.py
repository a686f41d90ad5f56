from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudmap_mcs.domain.merge import FIELDS, Conflict, merge, port_names
from cloudmap_mcs.domain.model import Affinity, ClusterId, Family, Port, Protocol, ServiceType
from cloudmap_mcs.domain.wellknown import Reason
from tests.builders import HTTP, an_export
from tests.strategies import offers

V4, V6 = Family.IPV4, Family.IPV6
METRICS = Port("metrics", Protocol.TCP, 9090)

FIELD_CASES = [
    pytest.param(
        {"type": ServiceType.CLUSTER_SET_IP},
        {"type": ServiceType.HEADLESS},
        Conflict(Reason.TYPE_CONFLICT, "type", "ClusterSetIP", ClusterId("a"), (ClusterId("b"),)),
        id="type",
    ),
    pytest.param(
        {"affinity": Affinity.NONE},
        {"affinity": Affinity.CLIENT_IP},
        Conflict(Reason.SESSION_AFFINITY_CONFLICT, "sessionAffinity", "None", ClusterId("a"), (ClusterId("b"),)),
        id="session-affinity",
    ),
    pytest.param(
        {"affinity": Affinity.CLIENT_IP, "affinity_timeout": 60},
        {"affinity": Affinity.CLIENT_IP, "affinity_timeout": 90},
        Conflict(
            Reason.SESSION_AFFINITY_CONFIG_CONFLICT, "sessionAffinityConfig", "60", ClusterId("a"), (ClusterId("b"),)
        ),
        id="session-affinity-config",
    ),
    pytest.param(
        {"internal_traffic_policy": None},
        {"internal_traffic_policy": "Local"},
        Conflict(
            Reason.INTERNAL_TRAFFIC_POLICY_CONFLICT,
            "internalTrafficPolicy",
            "not set",
            ClusterId("a"),
            (ClusterId("b"),),
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
            ClusterId("a"),
            (ClusterId("b"),),
        ),
        id="traffic-distribution",
    ),
    pytest.param(
        {"labels": (("app", "web"), ("tier", "one"))},
        {"labels": (("app", "web"),)},
        Conflict(Reason.LABELS_CONFLICT, "exportedLabels", "app=web, tier=one", ClusterId("a"), (ClusterId("b"),)),
        id="exported-labels",
    ),
    pytest.param(
        {"annotations": ()},
        {"annotations": (("note", "x"),)},
        Conflict(Reason.ANNOTATIONS_CONFLICT, "exportedAnnotations", "none", ClusterId("a"), (ClusterId("b"),)),
        id="exported-annotations",
    ),
    pytest.param(
        {"ports": (HTTP, Port("", Protocol.UDP, 53))},
        {"ports": (METRICS,)},
        Conflict(Reason.PORT_CONFLICT, "ports", "http 80/TCP, (unnamed) 53/UDP", ClusterId("a"), (ClusterId("b"),)),
        id="ports",
    ),
    pytest.param(
        {"families": (V4, V6)},
        {"families": (V6,)},
        Conflict(Reason.IP_FAMILY_CONFLICT, "ipFamilies", "IPv6", ClusterId("a"), (ClusterId("b"),)),
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
        (Reason.TYPE_CONFLICT, ("b",)),
        (Reason.LABELS_CONFLICT, ("b", "c")),
    ]


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
    ("families", "common"),
    [
        pytest.param([(V4,), (V4,)], (V4,), id="same"),
        pytest.param([(V6, V4), (V4, V6)], (V6, V4), id="oldest-decides-the-order"),
        pytest.param([(V4, V6), (V6,)], (V6,), id="intersection"),
        pytest.param([(V4,), (V4, V6)], (V4,), id="younger-has-more"),
        pytest.param([(V4,), (V6,)], (V4,), id="nothing-in-common-is-skipped"),
        pytest.param([(V4, V6), (V4,), (V6,)], (V4,), id="nothing-left-by-elders"),
    ],
)
def test_families_are_intersected_so_that_each_reaches_every_backend(
    families: list[tuple[Family, ...]], common: tuple[Family, ...]
) -> None:
    exports = [
        an_export(name, created=at, families=held) for at, (name, held) in enumerate(zip("abc", families, strict=False))
    ]

    assert merge(exports).families == common


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


def test_an_unnamed_port_gets_a_name_as_soon_as_it_has_company() -> None:
    """A Service with several ports must name them all, so the union would be refused otherwise."""
    oldest = an_export("a", created=1, ports=(Port("", Protocol.TCP, 80),))
    younger = an_export("b", created=2, ports=(Port("metrics", Protocol.TCP, 9090),))

    merged = merge([oldest, younger])

    assert [port.name for port in merged.ports] == ["tcp-80", "metrics"]
    assert port_names(oldest, merged.ports) == {"": "tcp-80"}
    assert port_names(younger, merged.ports) == {"metrics": "metrics"}


def test_the_name_given_to_an_unnamed_port_is_nobody_elses() -> None:
    oldest = an_export("a", created=1, ports=(Port("", Protocol.TCP, 80),))
    younger = an_export("b", created=2, ports=(Port("tcp-80", Protocol.TCP, 81),))

    assert [port.name for port in merge([oldest, younger]).ports] == ["tcp-80-unnamed", "tcp-80"]


def test_a_single_unnamed_port_stays_unnamed() -> None:
    assert [port.name for port in merge([an_export("a", ports=(Port("", Protocol.TCP, 80),))]).ports] == [""]
