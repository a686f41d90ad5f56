"""The Cluster port over one API server: what an importer observes and writes in its own cluster."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final, TypeVar

from cloudmap_mcs.domain import names
from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.imports import (
    ImportedSlice,
    ImportStatus,
    Managed,
    NamespaceState,
    Observed,
    OwnExport,
    Seen,
    ServiceImport,
)
from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.domain.wellknown import (
    LABEL_MANAGED_BY,
    LABEL_SERVICE_NAME,
    LABEL_SLICE_MANAGED_BY,
    MANAGED_BY,
    ConditionType,
)
from cloudmap_mcs.kube.client import METADATA_ONLY, Call, KubeClient, Raw
from cloudmap_mcs.kube.conditions import FieldManager, apply_conditions
from cloudmap_mcs.kube.exports import key_of, namespace_state
from cloudmap_mcs.kube.failures import NotFoundError, RefusedFieldsError
from cloudmap_mcs.kube.manifests import service_import
from cloudmap_mcs.kube.manifests.codecs import DERIVED, IMPORTS, SLICES, Codec, codec_of
from cloudmap_mcs.kube.manifests.fields import condition_of, labels_of
from cloudmap_mcs.kube.resources import ENDPOINT_SLICES, NAMESPACES, SERVICE_EXPORTS, SERVICE_IMPORTS, SERVICES

M = TypeVar("M", bound=Managed)

READERS: Final = 32
"""Threads that let eight keys be read at once: four of a key's five reads, the caller's own thread does the fifth."""

_OURS: Final = f"{LABEL_MANAGED_BY}={MANAGED_BY}"
_OUR_SLICES: Final = f"{LABEL_SLICE_MANAGED_BY}={MANAGED_BY}"


class KubeCluster:
    """One importing cluster. Safe to share between threads; `close` ends its reading threads.

    `readers` threads read for `observe`: four for each key that is read at the same time, or keys wait for one
    another, and behind a server that hangs they do so for its timeouts.
    """

    def __init__(self, client: KubeClient, *, readers: int = READERS) -> None:
        self._client = client
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="observe")
        self._is_slices_field_known = True

    def observe(self, key: ServiceKey) -> Observed:
        """Read the five sides of a key at once. Only objects with our mark are in it."""
        submit = self._readers.submit
        found_import = submit(self._find, SERVICE_IMPORTS.of(key))
        found_service = submit(self._find, SERVICES.path(names.derived_service(key), namespace=key.namespace))
        found_slices = submit(self._slices, key)
        found_export = submit(self._find, SERVICE_EXPORTS.of(key))
        found_namespace = self._find(NAMESPACES.path(key.namespace))
        raw_import, service = found_import.result(), found_service.result()
        ours = _seen(IMPORTS, raw_import)
        derived = _seen(DERIVED, service)
        return Observed(
            namespace=namespace_state(found_namespace) if found_namespace else NamespaceState.MISSING,
            service_import=ours,
            status=self._status(ours.raw) if ours else None,
            derived=derived,
            slices=found_slices.result(),
            export=_own_export(found_export.result()),
            is_foreign=(raw_import is not None and ours is None) or (service is not None and derived is None),
        )

    def create(self, value: M) -> Seen[M]:
        """POST. In a namespace that is going or gone this is a StaleError like any other 404 or 409."""
        return self._write(Call("POST", codec_of(value).resource.within(value.key.namespace)), value, None)

    def replace(self, seen: Seen[M], value: M) -> Seen[M]:
        """PUT with the uid and the version that were seen: another state of the object answers StaleError."""
        return self._write(Call("PUT", codec_of(value).path(value)), value, seen.raw)

    def delete(self, seen: Seen[M]) -> None:
        preconditions = {"uid": seen.uid, "resourceVersion": seen.version}
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions}
        try:
            self._client.request(Call("DELETE", codec_of(seen.value).path(seen.value), body=body))
        except NotFoundError:
            return

    def write_status(self, seen: Seen[ServiceImport], status: ImportStatus) -> None:
        body = service_import.encode_status(status, seen.raw)
        written = self._client.request(Call("PUT", f"{SERVICE_IMPORTS.of(seen.value.key)}/status", body=body))
        self._is_slices_field_known = service_import.says_slices(written)

    def write_conflict(self, key: ServiceKey, export: OwnExport, condition: Condition | None) -> None:
        conditions = (condition,) if condition else ()
        apply_conditions(self._client, FieldManager.IMPORTER, key, uid=export.uid, conditions=conditions)

    def imports(self) -> frozenset[ServiceKey]:
        by_label = [
            *self._metadata(SERVICES.everywhere, _OURS),
            *self._metadata(ENDPOINT_SLICES.everywhere, _OUR_SLICES),
        ]
        return frozenset(
            [
                *(key_of(item) for item in self._metadata(SERVICE_IMPORTS.everywhere, _OURS)),
                *(
                    ServiceKey(item["metadata"]["namespace"], labels_of(item)[LABEL_SERVICE_NAME])
                    for item in by_label
                    if LABEL_SERVICE_NAME in labels_of(item)
                ),
            ]
        )

    def close(self) -> None:
        self._readers.shutdown()
        self._client.close()

    def _status(self, raw: Mapping[str, Any]) -> ImportStatus:
        """Read a status. What an older CRD has dropped from the last one written is not missed in any."""
        status = service_import.decode_status(raw)
        return status if self._is_slices_field_known else replace(status, says_slices=True)

    def _find(self, path: str) -> Raw | None:
        try:
            return self._client.get(path)
        except NotFoundError:
            return None

    def _slices(self, key: ServiceKey) -> tuple[Seen[ImportedSlice], ...]:
        selector = f"{_OUR_SLICES},{LABEL_SERVICE_NAME}={key.name}"
        found = self._client.items(ENDPOINT_SLICES.within(key.namespace), query=(("labelSelector", selector),))
        return tuple(sorted((SLICES.seen(item) for item in found), key=lambda item: item.value.name))

    def _metadata(self, path: str, selector: str) -> list[Raw]:
        query = (("labelSelector", selector),) if selector else ()
        return self._client.items(path, query=query, accept=METADATA_ONLY)

    def _write(self, call: Call, value: M, observed: Any) -> Seen[M]:
        codec: Codec[M] = codec_of(value)
        try:
            raw = self._client.request(_with_body(call, codec.encode(value, observed)))
        except RefusedFieldsError as error:
            if codec.resource is not SERVICES or "spec.trafficDistribution" not in error.fields:
                raise
            body = codec.encode(value, observed, is_distribution_refused=True)
            raw = self._client.request(_with_body(call, body))
        return codec.seen(raw)


def _with_body(call: Call, body: Raw) -> Call:
    return Call(call.verb, call.path, body=body)


def _seen(codec: Codec[M], raw: Raw | None) -> Seen[M] | None:
    return codec.seen(raw) if raw is not None and codec.is_ours(raw) else None


def _own_export(raw: Raw | None) -> OwnExport | None:
    if raw is None:
        return None
    metadata = raw["metadata"]
    return OwnExport(metadata["uid"], metadata.get("generation", 0), condition_of(raw, ConditionType.CONFLICT))
