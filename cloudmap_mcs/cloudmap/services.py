"""The namespace of the clusterset and the Cloud Map services in it."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from cloudmap_mcs.cloudmap.calls import Calls
from cloudmap_mcs.cloudmap.instances import Instance
from cloudmap_mcs.cloudmap.translation import ServiceExistsError, ServiceGoneError
from cloudmap_mcs.domain import names
from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.errors import BusyError, InvalidError

_REMEMBERED: Final = 4_096
_SERVICES: Final = 1_000_000
"""Ids of services that exist, or did: no stranger can add to them, and to forget one would be to think it absent."""
_SERVICE_IN_ARN: Final = ":service/"

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """A bounded memory; the least recently used goes first. Threads share it."""

    def __init__(self, limit: int = _REMEMBERED) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._limit:
                self._values.popitem(last=False)

    def forget(self, key: K) -> None:
        with self._lock:
            self._values.pop(key, None)


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace as the data plane knows it: by `http_name`, which can differ from its name."""

    id: str
    http_name: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A key's service as ListServices tells of it: its id, and how many instances it holds."""

    key: ServiceKey
    id: str
    instances: int


class Services:
    """Names, ids and contents of the services of one namespace, given by id or, where it is shared, by ARN.

    Another account's namespace and its services are addressed by ARN only; ids in records stay short.
    """

    def __init__(self, calls: Calls, namespace: str) -> None:
        self._calls = calls
        self._reference = namespace
        self._lock = threading.Lock()
        self._namespace: Namespace | None = None
        self._listing = threading.Lock()
        self._is_listed = False
        self._ids: Remembered[str, str] = Remembered(_SERVICES)
        self._names: Remembered[str, str] = Remembered()

    @property
    def account(self) -> str | None:
        """The account that owns the namespace, if that is known to be needed."""
        return self._reference.split(":")[4] if self._reference.startswith("arn:") else None

    def namespace(self) -> Namespace:
        """Read the namespace, once."""
        with self._lock:
            if self._namespace is None:
                action = f"GetNamespace of {self._reference}"
                found = self._calls("GetNamespace", action, Id=self._reference)["Namespace"]
                self._namespace = Namespace(found["Id"], found["Properties"]["HttpProperties"]["HttpName"])
            return self._namespace

    def reference(self, service_id: str) -> str:
        """Give what the API wants to hear for a service id."""
        if self.account is None:
            return service_id
        return self._reference.rpartition(":")[0] + _SERVICE_IN_ARN + service_id

    def discover(self, name: str) -> list[Instance]:
        """Read a service's instances from the data plane; a service that does not exist has none."""
        parameters: dict[str, Any] = {"OwnerAccount": self.account} if self.account else {}
        try:
            answer = self._calls(
                "DiscoverInstances",
                f"DiscoverInstances of {name}",
                NamespaceName=self.namespace().http_name,
                ServiceName=name,
                MaxResults=1_000,
                HealthStatus="ALL",
                **parameters,
            )
        except ServiceGoneError:
            return []
        return [Instance(item["InstanceId"], item.get("Attributes", {})) for item in answer["Instances"]]

    def create_or_get(self, name: str) -> tuple[str, bool]:
        """Give a service's id, and whether it was made just now."""
        known = self._ids.get(name)
        if known:
            return known, False
        try:
            made = self._calls(
                "CreateService",
                f"CreateService {name}",
                Name=name,
                NamespaceId=self._reference,
                Description="Written by cloudmap-mcs: one instance per cluster that exports the Service",
            )
            service_id, is_new = str(made["Service"]["Id"]), True
        except ServiceExistsError as error:
            service_id, is_new = error.service_id, False
        self._ids.put(name, service_id)
        return service_id, is_new

    def known_id(self, name: str) -> str | None:
        return self._ids.get(name)

    def find(self, name: str) -> str | None:
        """Give a service's id as the control plane knows it; None if there is no such service.

        What is not remembered is looked up among all services of the namespace: once, for all names. Others may make
        services later, but this cluster's own are remembered when it makes them.
        """
        known = self._ids.get(name)
        if known is None:
            with self._listing:
                if not self._is_listed:
                    self._list()
            known = self._ids.get(name)
        return known

    def forget(self, name: str, service_id: str) -> None:
        """Drop what is remembered of a service that turned out to be gone."""
        self._names.forget(service_id.rpartition("/")[2])
        if self._ids.get(name) == service_id:
            self._ids.forget(name)

    def name_of(self, service_id: str) -> str | None:
        """Give the name of a service by id or ARN; None if it does not exist or is in another namespace."""
        plain = service_id.rpartition("/")[2]
        known = self._names.get(plain)
        if known is not None:
            return known or None
        try:
            action = f"GetService of {plain}"
            found = self._calls("GetService", action, Id=self.reference(plain))["Service"]
        except (ServiceGoneError, InvalidError):
            # Ids come from records and events, so they can be anything.
            return None
        name = str(found["Name"]) if found.get("NamespaceId", "") == self.namespace().id else ""
        self._names.put(plain, name)
        return name or None

    def instances(self, service_id: str) -> Iterator[Instance]:
        """Ask the control plane for all instances of a service, page by page."""
        reference = self.reference(service_id)
        for item in self._pages("ListInstances", "Instances", ServiceId=reference):
            yield Instance(item["Id"], item.get("Attributes", {}))

    def listed(self) -> list[Listed]:
        """List the keys' services. The ids are remembered, that of `members` too."""
        with self._listing:
            return self._list()

    def _list(self) -> list[Listed]:
        found = []
        for item in self._all():
            name, service_id = str(item["Name"]), str(item["Id"])
            key = names.service_key(name)
            if key or name == names.MEMBERS:
                self._ids.put(name, service_id)
                self._names.put(service_id, name)
            if key:
                found.append(Listed(key, service_id, item.get("InstanceCount", 0)))
        self._is_listed = True
        return found

    def every(self) -> Iterator[tuple[str, str]]:
        """List the names and ids of all services of the namespace, whatever their names."""
        return ((str(item["Name"]), str(item["Id"])) for item in self._all())

    def empty(self) -> Iterator[tuple[ServiceKey, str]]:
        """List the keys' services that hold no instance, with their ids."""
        return ((item.key, item.id) for item in self.listed() if not item.instances)

    def delete(self, service_id: str) -> bool:
        """Delete a service if it is empty; one that is gone is deleted."""
        try:
            self._calls("DeleteService", f"DeleteService {service_id}", Id=self.reference(service_id))
        except BusyError:
            return False
        except ServiceGoneError:
            pass
        return True

    def _all(self) -> Iterator[dict[str, Any]]:
        filters = [{"Name": "NAMESPACE_ID", "Values": [self._reference], "Condition": "EQ"}]
        return self._pages("ListServices", "Services", Filters=filters)

    def _pages(self, operation: str, field: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        return self._calls.pages(operation, field, f"{operation} of {self._reference}", **parameters)
