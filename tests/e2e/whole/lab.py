"""Two real clusters, the real deploy, real watchers: what the end-to-end tests do and see there."""

import itertools
import json
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path
from random import SystemRandom
from typing import Any

from botocore.exceptions import ClientError

from sandbox.cloudmap.client import SimulatorAdmin
from sandbox.controlplane.client import KubeClient
from sandbox.pids import ProcessRecord
from sandbox.process import Child, free_ports
from sandbox.sandbox import ACCOUNT, Member, Sandbox
from sandbox.starting import Site
from sandbox.watchers import Beside
from tests.e2e.waiting import eventually

MCS = "/apis/multicluster.x-k8s.io/v1beta1"
SLICES = "/apis/discovery.k8s.io/v1"
WATCHER = "system:serviceaccount:cloudmap-mcs-system:watcher"
FORBIDDEN = 403
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Cluster:
    """One member cluster as its administrator sees it."""

    member: Member
    client: KubeClient

    @classmethod
    def of(cls, member: Member) -> "Cluster":
        return cls(member, KubeClient(member.server, member.ca, certificate=(member.certificate, member.key)))

    @property
    def id(self) -> str:
        return self.member.id

    def namespace(self, name: str) -> None:
        self.client.create("/api/v1/namespaces", {"metadata": {"name": name}})

    def service(self, namespace: str, name: str = "web", **spec: Any) -> dict[str, Any]:
        """Make a selector-less Service, so that its endpoints are exactly those the test writes."""
        body = {"metadata": {"name": name}, "spec": {"ports": [{"name": "http", "port": 80}], **spec}}
        return self.client.create(f"/api/v1/namespaces/{namespace}/services", body)

    def endpoints(self, namespace: str, name: str, *addresses: str) -> None:
        """Write the Service's EndpointSlice: these addresses, all ready."""
        path = f"{SLICES}/namespaces/{namespace}/endpointslices"
        body = {
            "metadata": {"name": f"{name}-1", "labels": {"kubernetes.io/service-name": name}},
            "addressType": "IPv4",
            "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}} for address in addresses],
        }
        if self.client.find(f"{path}/{name}-1"):
            self.client.patch(f"{path}/{name}-1", {"endpoints": body["endpoints"]})
        else:
            self.client.create(path, body)

    def export(self, namespace: str, name: str = "web", **spec: Any) -> None:
        body = {"metadata": {"name": name}, **({"spec": spec} if spec else {})}
        self.client.create(
            f"{MCS}/namespaces/{namespace}/serviceexports",
            {"apiVersion": "multicluster.x-k8s.io/v1beta1", "kind": "ServiceExport", **body},
        )

    def unexport(self, namespace: str, name: str = "web") -> None:
        self.client.delete(f"{MCS}/namespaces/{namespace}/serviceexports/{name}")

    def imported(self, namespace: str, name: str = "web") -> dict[str, Any] | None:
        return self.client.find(f"{MCS}/namespaces/{namespace}/serviceimports/{name}")

    def spec(self, namespace: str, name: str = "web") -> dict[str, Any]:
        """Return a ServiceImport's spec; it must be there."""
        found = self.imported(namespace, name)
        assert found, f"no ServiceImport {namespace}/{name} in {self.id}"
        spec: dict[str, Any] = found["spec"]
        return spec

    def imports(self, namespace: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.get(f"{MCS}/namespaces/{namespace}/serviceimports")["items"]
        return found

    def imported_slices(self, namespace: str, name: str = "web") -> list[dict[str, Any]]:
        selector = f"labelSelector=multicluster.kubernetes.io/service-name%3D{name}"
        found: list[dict[str, Any]] = self.client.get(f"{SLICES}/namespaces/{namespace}/endpointslices?{selector}")[
            "items"
        ]
        return found

    def addresses(self, namespace: str, name: str = "web") -> set[str]:
        """Return the ready imported addresses."""
        return {
            address
            for item in self.imported_slices(namespace, name)
            for endpoint in item.get("endpoints") or ()
            if endpoint["conditions"].get("ready") is not False
            for address in endpoint["addresses"]
        }

    def condition(self, namespace: str, kind: str, name: str = "web") -> tuple[str, str, str]:
        """Return status, reason and message of a ServiceExport's condition."""
        found = self.client.find(f"{MCS}/namespaces/{namespace}/serviceexports/{name}") or {}
        for item in found.get("status", {}).get("conditions", ()):
            if item["type"] == kind:
                return item["status"], item["reason"], item["message"]
        return "", "", ""

    def owned(self, namespace: str) -> list[str]:
        """Name everything of ours in a namespace."""
        ours = "labelSelector=app.kubernetes.io/managed-by%3Dcloudmap-mcs"
        services = self.client.get(f"/api/v1/namespaces/{namespace}/services?{ours}")["items"]
        slices = self.client.get(f"{SLICES}/namespaces/{namespace}/endpointslices")["items"]
        return [
            *(item["metadata"]["name"] for item in self.imports(namespace)),
            *(item["metadata"]["name"] for item in services),
            *(
                item["metadata"]["name"]
                for item in slices
                if "multicluster.kubernetes.io/source-cluster" in item["metadata"]["labels"]
            ),
        ]


@dataclass
class Lab:
    """The running sandbox and its two clusters."""

    site: Site
    sandbox: Sandbox
    east: Cluster
    west: Cluster
    watchers: dict[str, Child] = field(default_factory=dict)

    @property
    def clusters(self) -> tuple[Cluster, Cluster]:
        return self.east, self.west

    @property
    def beside(self) -> Beside:
        """What stands in for the clusters' nodes."""
        return Beside(self.sandbox.aws, self.site.root, self.site.folder, self.site.processes)

    @property
    def simulator(self) -> SimulatorAdmin:
        return SimulatorAdmin(self.sandbox.aws.cloudmap_url)

    def fresh_namespace(self) -> str:
        """Make a namespace of its own in both clusters."""
        name = f"test-{next(_numbers)}"
        for cluster in self.clusters:
            cluster.namespace(name)
        return name

    def exported(self, *addresses: str, name: str = "web") -> str:
        """Export a Service from the east in a namespace of its own, and wait until the west has it."""
        namespace = self.fresh_namespace()
        self.east.service(namespace, name)
        self.east.endpoints(namespace, name, *addresses)
        self.east.export(namespace, name)
        eventually("the import", lambda: self.west.addresses(namespace, name) == set(addresses))
        eventually("the import's IP", lambda: (self.west.imported(namespace, name) or {}).get("spec", {}).get("ips"))
        return namespace

    def settle(self, cluster: Cluster) -> None:
        """Wait until no event is left that its importer has yet to work on: it would repair what a test damages."""
        counts = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
        queue, sqs = self.sandbox.deployed.members[cluster.id].queue_url, self.sandbox.aws.client("sqs")

        def is_empty() -> bool:
            found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=counts)["Attributes"]
            return not any(int(found[name]) for name in counts)

        eventually(f"the queue of {cluster.id} is empty", is_empty, seconds=60)

    def invoke(self, cluster: Cluster, **payload: Any) -> dict[str, Any]:
        """Invoke a cluster's importer as a person would; returns its report."""
        function = self.sandbox.deployed.members[cluster.id].importer
        answer = self.sandbox.aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(payload))
        report: dict[str, Any] = json.loads(answer["Payload"].read())
        return report

    def instances(self, namespace: str, name: str = "web") -> dict[str, dict[str, str]]:
        """Read a service's instances from Cloud Map, by id."""
        client = self.sandbox.aws.client("servicediscovery")
        found = client.discover_instances(
            NamespaceName="mcs.demo", ServiceName=f"{name}.{namespace}".rstrip("."), HealthStatus="ALL"
        )
        return {item["InstanceId"]: item["Attributes"] for item in found["Instances"]}

    def service_id(self, namespace: str, name: str = "web") -> str:
        """Find a service's Cloud Map id."""
        pages = self.sandbox.aws.client("servicediscovery").get_paginator("list_services").paginate()
        ids = {item["Name"]: str(item["Id"]) for page in pages for item in page["Services"]}
        return ids[f"{name}.{namespace}"]

    def instances_or_none(self, namespace: str, name: str = "web") -> dict[str, dict[str, str]]:
        """Read a service's instances; none if Cloud Map does not know the service."""
        try:
            return self.instances(namespace, name)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ServiceNotFound":
                return {}
            raise

    def cloudtrail(self, call: str, *, role: str = "operations", **parameters: str) -> None:
        """Put an event on the default bus as CloudTrail would for a call by a role; its user agent could be ours."""
        issuer = {"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}", "userName": role}
        detail = {
            "userIdentity": {"type": "AssumedRole", "sessionContext": {"sessionIssuer": issuer}},
            "eventSource": "servicediscovery.amazonaws.com",
            "eventName": call,
            "userAgent": "Boto3/1.44 cloudmap-mcs/0.1.0",
            "requestParameters": parameters,
            "responseElements": {"operationId": "op"},
        }
        entry = {
            "Source": "aws.servicediscovery",
            "DetailType": "AWS API Call via CloudTrail",
            "Detail": json.dumps(detail),
        }
        self.sandbox.aws.client("events").put_events(Entries=[entry])

    def kill_watcher(self, cluster: Cluster) -> None:
        """End a watcher as a lost node would."""
        name = f"watcher-{cluster.id}"
        child = self.watchers.pop(cluster.id, None)
        pid = (
            child.pid
            if child
            else next(item.pid for item in ProcessRecord(self.site.folder).read() if item.name == name)
        )
        os.kill(pid, signal.SIGKILL)
        eventually(f"{name} is dead", lambda: not Path(f"/proc/{pid}").exists() or _is_zombie(pid))

    def start_watcher(self, cluster: Cluster) -> None:
        """Start a watcher as the Deployment would."""
        health = free_ports(1, SystemRandom())[0]
        self.watchers[cluster.id] = self.beside.start_watcher(cluster.member, health_port=health)

    def audit(self, cluster: Cluster) -> list[dict[str, Any]]:
        """Read a cluster's audit log."""
        log = self.site.folder / "clusters" / cluster.id / "audit.log"
        return [json.loads(line) for line in log.read_text().splitlines()]

    def check_rights(self) -> None:
        """Fail if a watcher or an importer was ever refused a right, or if one never asked its cluster for anything."""
        for cluster in self.clusters:
            importer = self.sandbox.deployed.members[cluster.id].importer_role_arn.rpartition("/")[2]
            for user in (WATCHER, f"arn:aws:sts::{ACCOUNT}:assumed-role/{importer}/"):
                asked = [entry for entry in self.audit(cluster) if entry["user"]["username"].startswith(user)]
                refused = [entry for entry in asked if entry.get("responseStatus", {}).get("code") == FORBIDDEN]
                assert asked, f"{user} is not in the audit log of {cluster.id}"
                assert refused == []


def _is_zombie(pid: int) -> bool:
    return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
