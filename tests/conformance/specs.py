"""The behaviours as a table: what each demands, where KEP-1645 says so, and how the report files it.

Numbers follow the upstream suite (kubernetes-sigs/mcs-api, folder conformance, v0.5), and the labels are its own.
Upstream added the 28th in June 2026 (mcs-api#155), after v0.5.0.
"""

from dataclasses import dataclass
from typing import Final, Literal

import pytest

KEP: Final = (
    "https://github.com/kubernetes/enhancements/tree/master/keps/sig-multicluster/1645-multi-cluster-services-api"
)

Standing = Literal["Required", "Optional"]
STANDINGS: Final[tuple[Standing, ...]] = ("Required", "Optional")


@dataclass(frozen=True, slots=True)
class Spec:
    """One behaviour. `section` is the anchor in KEP-1645; `clusters` is how many it takes at least."""

    number: int
    standing: Standing
    labels: tuple[str, ...]
    clusters: int
    section: str
    title: str
    demands: str

    @property
    def reference(self) -> str:
        return f"{KEP}#{self.section}"


_CLUSTERIP: Final = ("ClusterIP",)
_HEADLESS: Final = ("Headless",)
_LABELS: Final = ("ExportedLabels",)
_REACHED: Final = ("ClusterIP", "Connectivity")
_STRICT: Final = (*_REACHED, "StrictPortConflict")
_NAMED: Final = ("ClusterIP", "DNS")
_NAMED_HEADLESS: Final = ("DNS", "Headless")

_TABLE: Final = (
    Spec(
        1, "Required", (), 2, "importing-services",
        "A ServiceImport exists exactly as long as a cluster exports the service",
        "The ServiceImport appears within 20 s of the first export, is there without a gap for 5 s after the "
        "second one and for 5 s after the first one is taken back, and is gone within 20 s of the last unexport.",
    ),
    Spec(
        2, "Optional", _LABELS, 1, "labels-and-annotations",
        "Exported labels and annotations reach the ServiceImport, and no others",
        "What ServiceExport.spec names is on the ServiceImport; labels and annotations of the Service and of the "
        "ServiceExport itself are not.",
    ),
    Spec(
        3, "Optional", _LABELS, 2, "labels-and-annotations",
        "Two clusters export different labels and annotations: the oldest wins, both learn of it",
        "Both ServiceExports have Conflict=True; the ServiceImport has the first cluster's labels and annotations"
        " and none of the second's.",
    ),
    Spec(
        4, "Required", _CLUSTERIP, 1, "importing-services",
        "A ClusterIP service becomes a ClusterSetIP ServiceImport in each cluster, until it is unexported",
        "The export gets Valid=True, every cluster a ServiceImport of type ClusterSetIP within 20 s; after the "
        "unexport it is gone everywhere within 20 s.",
    ),
    Spec(
        5, "Required", _CLUSTERIP, 1, "session-affinity",
        "A ServiceImport has the service's session affinity",
        "Session affinity and its timeout are those of the exported Service.",
    ),
    Spec(
        6, "Required", _CLUSTERIP, 1, "internal-traffic-policy",
        "A ServiceImport has the service's internal traffic policy",
        "The internal traffic policy is that of the exported Service.",
    ),
    Spec(
        7, "Required", _CLUSTERIP, 1, "traffic-distribution",
        "A ServiceImport has the service's traffic distribution",
        "The traffic distribution is that of the exported Service (PreferClose).",
    ),
    Spec(
        8, "Required", _CLUSTERIP, 1, "clustersetip",
        "A ClusterSetIP ServiceImport has one address for each of its IP families",
        "As soon as there is an address there is one for each IP family, valid and in the order of the families.",
    ),
    Spec(
        9, "Required", _CLUSTERIP, 1, "service-port",
        "A ServiceImport has the service's ports",
        "Name, protocol, number and application protocol of every port are those of the exported Service.",
    ),
    Spec(
        10, "Required", _CLUSTERIP, 2, "service-port",
        "Two clusters export different ports: the ServiceImport has the union, both learn of it",
        "Both ServiceExports have Conflict=True; the ServiceImport has the first cluster's ports and the one that"
        " only the second has.",
    ),
    Spec(
        11, "Required", _CLUSTERIP, 2, "service-port",
        "Two clusters export a port of one name with different numbers: the oldest wins, both learn of it",
        "Both ServiceExports have Conflict=True; the ServiceImport has exactly the first cluster's ports.",
    ),
    Spec(
        12, "Required", _HEADLESS, 1, "service-types",
        "A headless service becomes a Headless ServiceImport in each cluster, until it is unexported",
        "Every cluster has a ServiceImport of type Headless within 20 s; after the unexport it is gone everywhere"
        " within 20 s.",
    ),
    Spec(
        13, "Required", _HEADLESS, 1, "clustersetip",
        "A Headless ServiceImport has no clusterset address",
        "It has no address for 5 s.",
    ),
    Spec(
        14, "Required", ("ExternalName",), 1, "service-types",
        "An ExternalName service is not exported",
        "The export gets Valid=False within 20 s, and for 5 s there is no ServiceImport.",
    ),
    Spec(
        15, "Required", (), 2, "headlessness",
        "One cluster exports a ClusterIP service, another a headless one: the oldest wins, both learn of it",
        "Both ServiceExports have Conflict=True; the ServiceImport is of type ClusterSetIP in each cluster.",
    ),
    Spec(
        16, "Optional", ("EndpointSlice",), 1, "using-endpointslice-objects-to-track-endpoints",
        "Each cluster has EndpointSlices of the import with the required labels, until it is unexported",
        "For each IP family of the import there is a slice with at least one endpoint, with the names of the "
        "service and of the source cluster, managed by somebody else than Kubernetes; within 20 s of the unexport"
        " it is gone.",
    ),
    Spec(
        17, "Required", (), 1, "exporting-services",
        "A service that is not exported cannot be reached",
        "20 connections in each cluster and family to its clusterset name, and no pod answers.",
    ),
    Spec(
        18, "Optional", _REACHED, 1, "dns",
        "An exported ClusterIP service can be reached by its name",
        "In each cluster and family a connection to the clusterset name is answered by a pod within 20 s.",
    ),
    Spec(
        19, "Optional", _REACHED, 2, "exporting-services",
        "A service that two clusters have and one exports is reached in that one only",
        "In each cluster and family ten connections in a row are answered by the exporting cluster's pod.",
    ),
    Spec(
        20, "Optional", _STRICT, 2, "service-port",
        "A port exported under one name with different numbers leads to the cluster that has the number",
        "In each cluster and family ten connections in a row to the first cluster's port are answered by its pod.",
    ),
    Spec(
        21, "Optional", _STRICT, 2, "service-port",
        "Ports that two clusters export under different names lead each to the cluster that has it",
        "In each cluster and family ten connections in a row to each of the ports are answered by the pod of the "
        "cluster that exports it.",
    ),
    Spec(
        22, "Optional", _NAMED, 1, "dns",
        "The clusterset name of a ClusterIP service gives the clusterset IP",
        "A and AAAA queries in each cluster give that cluster's clusterset IP of the family within 20 s.",
    ),
    Spec(
        23, "Optional", _NAMED, 1, "dns",
        "An SRV query of a ClusterIP service gives its port at its name",
        "Exactly one record: the port's number, and the clusterset name as its target.",
    ),
    Spec(
        24, "Optional", _NAMED, 1, "dns",
        "The cluster.local name of an exported service stays local",
        "In the exporting cluster it gives the Service's own cluster IPs and nothing else.",
    ),
    Spec(
        25, "Optional", _NAMED_HEADLESS, 1, "dns",
        "The clusterset name of a headless service gives all ready endpoints",
        "A and AAAA queries in each cluster give exactly the addresses of both pods within 20 s.",
    ),
    Spec(
        26, "Optional", (*_NAMED_HEADLESS, "EndpointSlice"), 1, "dns",
        "Each pod of an exported headless StatefulSet has a name with its host name and cluster id",
        "Each cluster's slices have both pods, ready and with host names, and "
        "`<hostname>.<clusterid>.<service>.<namespace>.svc` gives exactly that pod's address within 20 s.",
    ),
    Spec(
        27, "Optional", _NAMED_HEADLESS, 1, "dns",
        "An SRV query of a headless service gives every endpoint",
        "Within 20 s as many records as endpoints in all families, each with the port and a target that begins with "
        "the endpoint's name.",
    ),
    Spec(
        28, "Required", (), 1, "using-endpointslice-objects-to-track-endpoints",
        "A ServiceImport says whether there are EndpointSlices for it",
        "In each cluster its status has endpointSliceObjects, Present or Absent, within 20 s.",
    ),
)  # fmt: skip

SPECS: Final = {spec.number: spec for spec in _TABLE}


def spec(number: int) -> pytest.MarkDecorator:
    """Mark a test as the check of one row; raises KeyError for a number that the table does not have."""
    return pytest.mark.conformance(SPECS[number].number)
