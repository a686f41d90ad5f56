"""The Objects port over one API server: manifests of any kind, found by discovery, applied on the server's side."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from cloudmap_mcs.domain.installation import Account, Manifest, Reference, Right, reference
from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.kube.client import APPLY, Call, KubeClient, Raw
from cloudmap_mcs.kube.failures import ForbiddenError, NotFoundError, TokenRefusedError
from cloudmap_mcs.kube.resources import Resource
from cloudmap_mcs.ports import Clock

R = TypeVar("R")

INSTALLER: Final = "cloudmap-mcs-installer"
"""The field manager of everything that is installed."""

UNKNOWN_SECONDS: Final = 60
"""For so long a bearer may be unknown after its access entry was made: entries are eventually consistent.

So are their policies. That a bearer who is known may not do something is believed this long after the first call.
"""

_RETRY_SECONDS: Final = 2.0
_REVIEWS: Final = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


class KubeObjects:
    """One cluster's objects. Kinds are looked up when they are first needed, and again while they are not served."""

    def __init__(self, client: KubeClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._known: dict[tuple[str, str], Resource] = {}
        self._first_ms: int | None = None

    def serves(self, version: str, kind: str) -> bool:
        return self._resource(version, kind) is not None

    def find(self, wanted: Reference) -> Manifest | None:
        resource = self._resource(wanted.version, wanted.kind)
        if resource is None:
            return None
        try:
            return self._ask(Call("GET", resource.path(wanted.name, namespace=wanted.namespace)))
        except NotFoundError:
            return None

    def all_of(self, version: str, kind: str, *, selector: str = "") -> tuple[Manifest, ...]:
        resource = self._resource(version, kind)
        if resource is None:
            return ()
        query = (("labelSelector", selector),) if selector else ()
        items = self._known_to(lambda: self._client.items(resource.everywhere, query=query))
        # The items of a list do not say what they are.
        return tuple({**item, "apiVersion": version, "kind": kind} for item in items)

    def apply(self, manifest: Manifest, *, take_over: bool = False) -> Manifest:
        force = (("force", "true"),) if take_over else ()
        query = (("fieldManager", INSTALLER), *force)
        return self._ask(Call("PATCH", self._path(manifest), query=query, body=manifest, media=APPLY))

    def has_applied(self, seen: Manifest) -> bool:
        entries = seen["metadata"].get("managedFields") or ()
        return any((entry.get("manager"), entry.get("operation")) == (INSTALLER, "Apply") for entry in entries)

    def replace(self, seen: Manifest, *, part: str = "") -> Manifest:
        path = f"{self._path(seen)}/{part}" if part else self._path(seen)
        return self._ask(Call("PUT", path, query=(("fieldManager", INSTALLER),), body=seen))

    def remove(self, seen: Manifest, *, alone: bool = False) -> None:
        body = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background" if alone else "Foreground",
            "preconditions": {"uid": seen["metadata"]["uid"]},
        }
        try:
            self._ask(Call("DELETE", self._path(seen), body=body))
        except NotFoundError:
            return

    def may(self, account: Account, right: Right) -> bool:
        spec = {
            "user": f"system:serviceaccount:{account.namespace}:{account.name}",
            "groups": ["system:serviceaccounts", f"system:serviceaccounts:{account.namespace}", "system:authenticated"],
            "resourceAttributes": {"verb": right.verb, "group": right.group, "resource": right.resource},
        }
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
        return self._ask(Call("POST", _REVIEWS, body=review))["status"].get("allowed") is True

    def _path(self, manifest: Mapping[str, Any]) -> str:
        there = reference(manifest)
        resource = self._resource(there.version, there.kind)
        if resource is None:
            raise PermanentError(f"{there}: the API server serves no {there.kind} in {there.version}")
        return resource.path(there.name, namespace=there.namespace)

    def _resource(self, version: str, kind: str) -> Resource | None:
        """Look a kind up, first whether its group is served at all: a 404 alone says nothing."""
        if (version, kind) in self._known:
            return self._known[version, kind]
        if "/" in version and not self._has_group(version):
            return None
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        for entry in self._ask(Call("GET", root))["resources"]:
            if entry["kind"] == kind and "/" not in entry["name"]:
                found = Resource(version, entry["name"], kind, is_namespaced=entry["namespaced"])
                self._known[version, kind] = found
                return found
        return None

    def _has_group(self, version: str) -> bool:
        groups = self._ask(Call("GET", "/apis"))["groups"]
        return any(entry["groupVersion"] == version for group in groups for entry in group["versions"])

    def _ask(self, call: Call) -> Raw:
        return self._known_to(lambda: self._client.request(call))

    def _known_to(self, ask: Callable[[], R]) -> R:
        """Ask again while the API server does not know us, or our rights: the access entry may be seconds old."""
        begun = self._clock.now_ms()
        if self._first_ms is None:
            self._first_ms = begun
        while True:
            try:
                return ask()
            except (TokenRefusedError, ForbiddenError) as error:
                since = begun if isinstance(error, TokenRefusedError) else self._first_ms
                if self._clock.now_ms() - since >= UNKNOWN_SECONDS * 1000:
                    raise
                self._clock.sleep(_RETRY_SECONDS)
