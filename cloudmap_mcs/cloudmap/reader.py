"""The reading half of the registry: what importers use."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from cloudmap_mcs.cloudmap import answers, instances, members, records, splitting
from cloudmap_mcs.cloudmap.calls import Calls
from cloudmap_mcs.cloudmap.instances import Instance
from cloudmap_mcs.cloudmap.rates import Buckets
from cloudmap_mcs.cloudmap.services import Services
from cloudmap_mcs.cloudmap.timing import MonotonicTimer, Timer
from cloudmap_mcs.cloudmap.translation import InstanceGoneError, ServiceGoneError
from cloudmap_mcs.domain import names
from cloudmap_mcs.domain.model import ClusterId, Record, ServiceKey
from cloudmap_mcs.ports import Discovery, Index, Member


class CloudMapReader:
    """A `ports.RegistryReader` on a boto3 client. `namespace` is its id or ARN. Threads may share it.

    Only records of the `accepted` clusters count; their number is by how much the account's rates are divided.
    """

    def __init__(
        self, client: Any, *, namespace: str, accepted: Collection[ClusterId], timer: Timer | None = None
    ) -> None:
        self._timer = timer or MonotonicTimer()
        self._accepted = frozenset(accepted)
        self._calls = Calls(client, Buckets(len(self._accepted), self._timer))
        self._services = Services(self._calls, namespace)

    def discover(self, key: ServiceKey) -> Discovery:
        return answers.discovery(self._services.discover(names.cloud_map_service(key)), key, self._accepted)

    def index(self) -> Index:
        return answers.index(self._services.discover(names.MEMBERS), self._accepted)

    def key_of(self, service_id: str) -> ServiceKey | None:
        name = self._services.name_of(service_id)
        return names.service_key(name) if name else None

    def keys(self) -> frozenset[ServiceKey]:
        return frozenset(item.key for item in self._services.listed() if item.instances)

    def empty_services(self) -> frozenset[ServiceKey]:
        return frozenset(key for key, _ in self._services.empty())

    def read(self, key: ServiceKey, cluster: ClusterId, service_id: str | None) -> Record | None:
        """As the port says; None for a cluster that is not accepted, too: its word does not count.

        Raises MalformedRecordError if what is there does not parse: that is not absence. Without a service id that
        still holds the key, ids are taken from the records that the data plane has of it. Only the control plane's own
        word that a service holds the key makes an id count. If no id is left, there is nothing of the key to be asked
        for.
        """
        if cluster not in self._accepted:
            return None
        return self._ask(key, cluster, self._candidates(key, service_id))

    def _ask(self, key: ServiceKey, cluster: ClusterId, candidates: Iterable[str]) -> Record | None:
        name = names.cloud_map_service(key)
        for candidate in candidates:
            if self._services.name_of(candidate) != name:
                continue
            try:
                return self._read_from(candidate, key, cluster)
            except ServiceGoneError:
                self._services.forget(name, candidate)
        return None

    def _candidates(self, key: ServiceKey, service_id: str | None) -> Iterator[str]:
        """Give ids of services that may hold a key, each once, the most likely one first."""
        known = service_id or self._services.known_id(names.cloud_map_service(key))
        tried = {known} if known else set()
        yield from tried
        found = {record.service_id for record in self.discover(key).records if record.service_id}
        yield from sorted(found - tried)

    def _read_from(self, service_id: str, key: ServiceKey, cluster: ClusterId) -> Record | None:
        head = self._get(service_id, cluster)
        return None if head is None else self._decoded(service_id, key, head)

    def _decoded(self, service_id: str, key: ServiceKey, head: Instance) -> Record:
        return records.decode(key, head, self._parts(service_id, head))

    def _read_member(self, service_id: str, cluster: ClusterId) -> Member | None:
        head = self._get(service_id, cluster)
        return None if head is None else members.decode(head, self._parts(service_id, head))

    def _parts(self, service_id: str, head: Instance) -> dict[str, Instance]:
        """Ask for the parts that a head lists; those that are not there are left out."""
        envelope = instances.read_envelope(head)
        listed = () if envelope.is_newer else splitting.listed_parts(head.attributes)
        found = (self._get(service_id, ref.id(envelope.cluster)) for ref in listed)
        return {part.id: part for part in found if part is not None}

    def _get(self, service_id: str, instance: str) -> Instance | None:
        action = f"GetInstance of {instance} in {service_id}"
        reference = self._services.reference(service_id.rpartition("/")[2])
        try:
            found = self._calls("GetInstance", action, ServiceId=reference, InstanceId=instance)["Instance"]
        except InstanceGoneError:
            return None
        return Instance(found["Id"], found.get("Attributes", {}))
