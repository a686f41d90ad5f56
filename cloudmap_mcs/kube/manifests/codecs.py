"""Which codec and resource belong to which kind of managed value: the table behind create, replace and delete."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from cloudmap_mcs.domain.imports import DerivedService, ImportedSlice, Managed, Seen, ServiceImport
from cloudmap_mcs.kube.manifests import derived_service, imported_slice, service_import
from cloudmap_mcs.kube.manifests.fields import Raw, is_ours
from cloudmap_mcs.kube.resources import ENDPOINT_SLICES, SERVICE_IMPORTS, SERVICES, Resource

V = TypeVar("V", bound=Managed)


@dataclass(frozen=True, slots=True)
class Codec(Generic[V]):
    """How one kind is named, written, read and recognised."""

    resource: Resource
    name: Callable[[V], str]
    encode: Callable[..., Raw]
    decode: Callable[[Mapping[str, Any]], V]
    is_ours: Callable[[Mapping[str, Any]], bool]

    def path(self, value: V) -> str:
        return self.resource.path(self.name(value), namespace=value.key.namespace)

    def seen(self, raw: Raw) -> Seen[V]:
        metadata = raw["metadata"]
        generation = metadata.get("generation", 0)
        return Seen(self.decode(raw), metadata["uid"], metadata["resourceVersion"], raw, generation)


IMPORTS: Final[Codec[ServiceImport]] = Codec(
    SERVICE_IMPORTS, lambda value: value.key.name, service_import.encode, service_import.decode, is_ours
)
DERIVED: Final[Codec[DerivedService]] = Codec(
    SERVICES, lambda value: value.name, derived_service.encode, derived_service.decode, is_ours
)
SLICES: Final[Codec[ImportedSlice]] = Codec(
    ENDPOINT_SLICES, lambda value: value.name, imported_slice.encode, imported_slice.decode, imported_slice.is_ours
)

_BY_TYPE: Final[Mapping[type, Codec[Any]]] = {ServiceImport: IMPORTS, DerivedService: DERIVED, ImportedSlice: SLICES}


def codec_of(value: Managed) -> Codec[Any]:
    return _BY_TYPE[type(value)]
