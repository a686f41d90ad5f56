from dataclasses import replace
from typing import Any

import pytest

from cloudmap_mcs.domain.installation import DnsMode, Reference
from cloudmap_mcs.domain.preflight import DnsSeen, Facts, Hosting, Kind, PreflightError, Sighting, findings

HOSTING = Hosting(
    name="prod-east", authentication_mode="API", version="1.33", addons=frozenset({"eks-pod-identity-agent"})
)
GOOD_DNS = DnsSeen(version="v1.12.2", is_capable=True, lines=("a", "b"))
SEEN = Sighting(owner="uid-1", dns=GOOD_DNS)
FACTS = Facts(cluster="east", hosting=HOSTING, dns=DnsMode.MANAGED, sighting=SEEN)


def on(*, hosting: Any = None, seen: Any = None, dns: Any = None, **changes: Any) -> Facts:
    sighting = replace(SEEN, **{"dns": replace(GOOD_DNS, **(dns or {})), **(seen or {})})
    return replace(FACTS, hosting=replace(HOSTING, **(hosting or {})), sighting=sighting, **changes)


GOOD = [
    pytest.param(FACTS, id="stock"),
    pytest.param(on(hosting={"authentication_mode": "API_AND_CONFIG_MAP"}), id="both-modes"),
    pytest.param(on(hosting={"version": "1.100"}), id="later-kubernetes"),
    pytest.param(on(registered="uid-1"), id="installed-before"),
    pytest.param(on(dns={"is_enabled": True, "is_capable": False}), id="dns-done-already"),
    pytest.param(replace(FACTS, dns=DnsMode.STUB_ZONE), id="stub-zone"),
    pytest.param(on(hosting={"addons": frozenset()}, seen={"has_identity_agent": True}), id="agent-by-hand"),
    pytest.param(on(hosting={"addons": frozenset()}, uses_pod_identity=False), id="no-agent-needed"),
]


@pytest.mark.parametrize("facts", GOOD)
def test_nothing_is_said_where_nothing_is_wrong(facts: Facts) -> None:
    assert findings(facts) == ()


MANUAL, STUB = DnsMode.MANUAL, DnsMode.STUB_ZONE
CASES: list[Any] = [
    (on(cluster="Prod_East"), Kind.IDENTITY, "Write in clusterset.yaml: id: prod-east", True, "id"),
    (
        on(hosting={"authentication_mode": "CONFIG_MAP"}),
        Kind.AUTHENTICATION,
        "aws eks update-cluster-config",
        True,
        "m",
    ),
    (on(hosting={"authentication_mode": ""}), Kind.AUTHENTICATION, "authentication mode is not told", True, "no-mode"),
    (on(hosting={"version": "1.26"}), Kind.KUBERNETES, "Upgrade it to 1.27", True, "old"),
    (on(hosting={"version": "new"}), Kind.KUBERNETES, "its Kubernetes is 'new'", True, "unreadable-version"),
    (on(unreached="timed out"), Kind.REACHABILITY, "no answer from its API server: timed out", True, "unreached"),
    (on(unreached="x"), Kind.REACHABILITY, r"need VPC endpoints for the installer: .*eks, sts", True, "endpoints"),
    (on(unanswered="timed out"), Kind.REACHABILITY, r"from Cloud Map: timed out\. Subnets .*NAT", True, "registry"),
    (
        on(seen={"others": (("X", "Deployment x"),)}),
        Kind.IMPLEMENTATION,
        r"X is at work \(Deployment x\)",
        True,
        "other",
    ),
    (on(seen={"is_gke_served": True}), Kind.IMPLEMENTATION, "net.gke.io", False, "gke"),
    (on(seen={"foreign_imports": tuple("abcdefg")}), Kind.IMPLEMENTATION, r"7 .*\(a, b, c, d, e\)", False, "imports"),
    (on(seen={"blocked": (("x.y", "why"),)}), Kind.DEFINITION, "CustomResourceDefinition x.y: why", True, "definition"),
    (on(seen={"foreign": (Reference("v1", "Role", "r", "n"),)}), Kind.OWNERSHIP, "Role n/r: it exists", True, "owner"),
    (
        on(seen={"properties": (("p", "a", "b"),)}),
        Kind.IDENTITY,
        "ClusterProperty p: it is 'b'.*says 'a'",
        True,
        "prop",
    ),
    (on(registered="uid-2"), Kind.IDENTITY, r"UID uid-2 \(here: uid-1\)", True, "duplicate"),
    (on(seen={"dns": None}), Kind.DNS, "no CoreDNS was found", True, "no-dns"),
    (replace(on(seen={"dns": None}), dns=MANUAL), Kind.DNS, "no CoreDNS", False, "no-dns-m"),
    (on(seen={"dns": None}, hosting={"is_auto_mode": True}), Kind.DNS, "EKS Auto Mode", True, "auto-mode"),
    (on(dns={"is_capable": False, "version": "v1.11.4"}), Kind.DNS, "its CoreDNS is v1.11.4", True, "old-dns"),
    (on(dns={"is_capable": False}), Kind.DNS, "or set dns: stub-zone, which leaves", True, "old-dns-way-out"),
    (
        on(dns={"is_capable": False, "can_forward": False}),
        Kind.DNS,
        r"CoreDNS to 1\.12\.2, or set dns: manual",
        True,
        "no-way-out",
    ),
    (replace(on(dns={"is_capable": False}), dns=MANUAL), Kind.DNS, "multicluster came with 1.12.2", False, "old-dns-m"),
    (on(dns={"problem": "brace"}), Kind.DNS, r"brace\. Or set dns: stub-zone, or dns: manual", True, "corefile"),
    (
        on(dns={"problem": "brace", "can_forward": False}),
        Kind.DNS,
        r"brace\. Or set dns: manual",
        True,
        "corefile-unclear",
    ),
    (replace(on(dns={"problem": "brace"}), dns=STUB), Kind.DNS, r"brace\. Or set dns: manual", True, "corefile-stub"),
    (replace(on(seen={"dns": None}), dns=STUB), Kind.DNS, "no CoreDNS was found", True, "no-dns-stub"),
    (
        replace(on(seen={"dns": None}, hosting={"is_auto_mode": True}), dns=STUB),
        Kind.DNS,
        r"cannot be changed\. Set dns: manual, and run a CoreDNS of your own .*dnsConfig",
        True,
        "auto-mode-stub",
    ),
    (
        replace(on(seen={"dns": None}, hosting={"is_auto_mode": True}), dns=MANUAL),
        Kind.DNS,
        r"cannot be changed\. As dns: manual is set, run a CoreDNS of your own",
        False,
        "auto-mode-manual",
    ),
    (replace(on(seen={"dns": None}), dns=MANUAL), Kind.DNS, "As dns: manual is set, see to", False, "no-dns-manual"),
    (
        on(hosting={"is_auto_mode": True, "addons": frozenset()}),
        Kind.DNS,
        "pods on nodes of EKS Auto Mode ask their node",
        False,
        "auto-mode-beside-nodes",
    ),
    (on(seen={"is_dns_bypassed": True}), Kind.DNS, "node-local-dns.*copy of its server cluster", False, "node-cache"),
    (replace(on(dns={"problem": "brace"}), dns=MANUAL), Kind.DNS, "brace", False, "corefile-manual"),
    (replace(FACTS, dns=MANUAL), Kind.DNS, r"have to become: a \| b", False, "lines-to-add"),
    (on(hosting={"addons": frozenset()}), Kind.CREDENTIALS, "create-addon --cluster-name prod-east", True, "no-agent"),
]


@pytest.mark.parametrize(("facts", "kind", "told", "refuses"), [pytest.param(*case[:4], id=case[4]) for case in CASES])
def test_one_thing_is_found_and_told_with_what_to_do(facts: Facts, kind: Kind, told: str, refuses: bool) -> None:
    (finding,) = findings(facts)

    assert (finding.kind, finding.refuses) == (kind, refuses)
    with pytest.raises(PreflightError, match=told):
        raise PreflightError("east", [finding])


def test_all_findings_are_in_one_answer() -> None:
    facts = on(hosting={"authentication_mode": "CONFIG_MAP", "addons": frozenset()}, registered="uid-2")

    found = findings(facts)

    assert [finding.kind for finding in found] == [Kind.AUTHENTICATION, Kind.IDENTITY, Kind.CREDENTIALS]
    assert str(PreflightError("east", found)).startswith("cluster east: 3 findings, nothing was changed\n- prod-east: ")
    assert PreflightError("east", found).findings == found


def test_what_could_not_be_seen_is_not_judged() -> None:
    facts = replace(FACTS, hosting=replace(HOSTING, addons=frozenset()), sighting=None, unreached="no route")

    assert [finding.kind for finding in findings(facts)] == [Kind.REACHABILITY]
