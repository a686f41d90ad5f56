"""What must hold for a cluster before anything is written into it; every refusal says what to do."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Protocol

from cloudmap_mcs.domain.wellknown import PROPERTY_CLUSTER, PROPERTY_CLUSTERSET
from sandbox.controlplane.client import ApiRefusedError, ApiUnreachableError
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sandbox.attached.contexts import Context

_CRDS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_PROPERTIES: Final = "/apis/about.k8s.io/v1beta1/clusterproperties"
_ACCESS_REVIEWS: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class Api(Protocol):
    """An API server as its administrator sees it."""

    def get(self, path: str) -> dict[str, Any]: ...

    def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Intent:
    """What is about to be installed, and which namespaces are going to be made and removed again."""

    clusterset: str
    definitions: Mapping[str, frozenset[str]]
    """Versions of each CustomResourceDefinition, by its name."""
    namespaces: tuple[str, ...]


def check(clusters: Iterable[tuple[Context, Api]], intent: Intent) -> None:
    """Look at every cluster; SandboxError for the first that must not be touched. Writes nothing."""
    clusters = list(clusters)
    seen: dict[str, str] = {}
    for context, api in clusters:
        with _named(context):
            uid: str = api.get("/api/v1/namespaces/kube-system")["metadata"]["uid"]
        if uid in seen:
            raise SandboxError(f"contexts {seen[uid]} and {context.name} are the same cluster; name two different ones")
        seen[uid] = context.name
    for context, api in clusters:
        with _named(context):
            _look(context, api, intent)


@contextmanager
def _named(context: Context) -> Iterator[None]:
    try:
        yield
    except (ApiRefusedError, ApiUnreachableError) as error:
        raise SandboxError(f"context {context.name}: {error}") from error


def _look(context: Context, api: Api, intent: Intent) -> None:
    anything = {"verb": "*", "group": "*", "resource": "*"}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": anything},
    }
    if not api.create(_ACCESS_REVIEWS, review)["status"]["allowed"]:
        raise SandboxError(
            f"context {context.name}: its user is no cluster administrator, and only one can install and impersonate"
        )
    _check_property(context, api, PROPERTY_CLUSTER, context.cluster)
    _check_property(context, api, PROPERTY_CLUSTERSET, intent.clusterset)
    for name, versions in intent.definitions.items():
        _check_definition(context, api, name, versions)
    for namespace in intent.namespaces:
        if _find(api, f"/api/v1/namespaces/{namespace}") is not None:
            raise SandboxError(
                f"context {context.name} has a namespace {namespace} already; the demo makes one and deletes it at the "
                f"end. If it is left from a demo: kubectl --context {context.name} delete namespace {namespace}"
            )


def _check_property(context: Context, api: Api, name: str, wanted: str) -> None:
    found = _find(api, f"{_PROPERTIES}/{name}")
    value = found["spec"]["value"] if found else wanted
    if value != wanted:
        raise SandboxError(
            f"context {context.name}: its ClusterProperty {name} is {value!r}, the sandbox would make it {wanted!r}, "
            f"so the cluster belongs to something else. Attach another cluster, or if that is over: "
            f"kubectl --context {context.name} delete clusterproperty {name}"
        )


def _check_definition(context: Context, api: Api, name: str, versions: frozenset[str]) -> None:
    found = _find(api, f"{_CRDS}/{name}")
    others = {version["name"] for version in found["spec"]["versions"]} - versions if found else set()
    if others:
        raise SandboxError(
            f"context {context.name}: its CustomResourceDefinition {name} has {', '.join(sorted(others))}, which the "
            f"one of the sandbox has not; it is not replaced by less. Attach another cluster"
        )


def _find(api: Api, path: str) -> dict[str, Any] | None:
    try:
        return api.get(path)
    except ApiRefusedError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None
        raise
