"""An API server in memory, behind the real client: discovery, server-side apply, optimistic concurrency, definitions.

As far as an installer can tell it from the real one. Lists are atomic to server-side apply, as `versions` of a
definition and `rules` of a role are in truth; those of a Deployment are not, and no test depends on them.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import unquote

from cloudmap_mcs.kube.client import Call, KubeClient, Raw
from cloudmap_mcs.kube.failures import Refusal, translate
from tests.fakes.access_review import allowed
from tests.fakes.controllers import at_once
from tests.fakes.definitions import established, served_by, storage_of, with_stored_versions
from tests.fakes.field_owners import Conflict, Path, Who, applied, at, content, leaves

Place = tuple[str, str, str, str]
"""Group, plural, namespace and name: versions of an object are one object."""

BUILT_IN = {
    "v1": [
        ("namespaces", "Namespace", False),
        ("services", "Service", True),
        ("configmaps", "ConfigMap", True),
        ("serviceaccounts", "ServiceAccount", True),
    ],
    "apps/v1": [("deployments", "Deployment", True), ("daemonsets", "DaemonSet", True)],
    "policy/v1": [("poddisruptionbudgets", "PodDisruptionBudget", True)],
    "discovery.k8s.io/v1": [("endpointslices", "EndpointSlice", True)],
    "rbac.authorization.k8s.io/v1": [
        ("clusterroles", "ClusterRole", False),
        ("clusterrolebindings", "ClusterRoleBinding", False),
        ("roles", "Role", True),
        ("rolebindings", "RoleBinding", True),
    ],
    "apiextensions.k8s.io/v1": [("customresourcedefinitions", "CustomResourceDefinition", False)],
}
CRDS = "customresourcedefinitions"


@dataclass
class Held:
    """An object, which manager owns which of its fields, and the version that it is stored in."""

    raw: Raw
    owners: dict[Who, set[Path]] = field(default_factory=dict)
    stored_in: str = ""
    lingers: int = 0


class InMemoryApiServer(KubeClient):
    """`before` meets every call; `unknown` calls get a 401 first, `reviews_denied` access reviews a no.

    `unlisted` versions are left out of that many answers of discovery; with `ignores_selectors` lists are whole.
    `slow` is how many reads a definition or a deletion takes to be done with, for the names in it.
    `controllers` do their part whenever an object is read.
    """

    def __init__(self) -> None:
        self.before: Callable[[Call], object] = lambda _: None
        self.objects, self.calls = dict[Place, Held](), list[Call]()
        self.controllers: Callable[[Raw], object] = at_once
        self.slow, self.unlisted = dict[str, int](), dict[str, int]()
        self.unknown, self.reviews_denied, self.ignores_selectors = 0, 0, False
        self._numbers = count(1)
        for name in ("kube-system", "shop"):
            self.add({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def request(self, call: Call) -> Raw:
        self.calls.append(call)
        self.before(call)
        if self.unknown:
            self.unknown -= 1
            raise _refused(401, call, "Unauthorized")
        return copy.deepcopy(self._answer(call))

    @property
    def writes(self) -> list[str]:
        return [call.action for call in self.calls if not call.action.startswith(("GET", "POST /apis/authorization"))]

    def add(self, *manifests: Raw, manager: str = "kubectl") -> None:
        """Have somebody else make or change objects."""
        for manifest in manifests:
            self._apply(
                self._place_of(manifest), copy.deepcopy(manifest), (manager, "Update"), Call("PATCH", ""), force=True
            )

    def raw(self, kind: str, name: str, namespace: str = "") -> Raw | None:
        for held in self.objects.values():
            metadata = held.raw["metadata"]
            if (held.raw["kind"], metadata["name"], metadata.get("namespace", "")) == (kind, name, namespace):
                return held.raw
        return None

    def names(self) -> set[str]:
        return {f"{held.raw['kind']} {held.raw['metadata']['name']}" for held in self.objects.values()}

    def state(self) -> dict[Place, str]:
        return {place: held.raw["metadata"]["resourceVersion"] for place, held in self.objects.items()}

    def _answer(self, call: Call) -> Raw:
        if call.path == "/apis":
            groups: dict[str, Raw] = {}
            for version in self._served():
                self.unlisted[version] = self.unlisted.get(version, 0) - 1
                if "/" in version and self.unlisted[version] < 0:
                    group = groups.setdefault(version.partition("/")[0], {"versions": []})
                    group["versions"].append({"groupVersion": version})
            return {"groups": list(groups.values())}
        if call.path.endswith("/subjectaccessreviews"):
            return {"status": {"allowed": self._allowed(call.body or {})}}
        version, plural, namespace, name, part = self._parse(call)
        if not plural:
            return {"resources": self._resources(version, call)}
        return self._on_objects(call, version, (version.rpartition("/")[0], plural, namespace, name), part)

    def _on_objects(self, call: Call, version: str, place: Place, part: str) -> Raw:
        if call.verb == "GET" and not place[3]:
            return self._list(call, place, version)
        if call.verb == "PATCH":
            query = dict(call.query)
            assert call.body is not None
            manager = (query["fieldManager"], "Apply")
            return self._apply(place, copy.deepcopy(call.body), manager, call, force=query.get("force") == "true")
        held = self._look(place)
        if held is None:
            raise _refused(404, call, "not found", {"name": place[3]})
        if call.verb == "GET":
            return {**held.raw, "apiVersion": version}
        if call.verb == "PUT":
            return self._put(place, held, call, part)
        self._delete(place, held, call)
        return {}

    # -- what is served

    def _served(self) -> dict[str, list[tuple[str, str, bool]]]:
        served = {version: list(entries) for version, entries in BUILT_IN.items()}
        for (_, plural, _, _), held in list(self.objects.items()):
            if plural == CRDS and established(held.raw):
                for version, entry in served_by(held.raw):
                    served.setdefault(version, []).append(entry)
        return served

    def _resources(self, version: str, call: Call) -> list[Raw]:
        if version not in self._served():
            raise _refused(404, call, "404 page not found")
        entries = self._served()[version]
        return [
            {"name": name, "kind": kind, "namespaced": is_in}
            for plural, kind, is_in in entries
            for name in (f"{plural}/status", plural)
        ]

    def _parse(self, call: Call) -> tuple[str, str, str, str, str]:
        words = [unquote(word) for word in call.path.split("/")[1:]]
        depth = 2 if words[0] == "api" else 3
        version, rest = "/".join(words[1:depth]), words[depth:]
        namespace = ""
        if rest[:1] == ["namespaces"] and len(rest) > 2 and rest[2] != "status":
            namespace, rest = rest[1], rest[2:]
        if rest and not any(plural == rest[0] for plural, _, _ in self._served().get(version, ())):
            raise _refused(404, call, "the server could not find the requested resource")
        plural, name, part = [*rest, "", "", ""][:3]
        return version, plural, namespace, name, part

    def _place_of(self, manifest: Raw) -> Place:
        version, metadata = manifest["apiVersion"], manifest["metadata"]
        plural = next(plural for plural, kind, _ in self._served()[version] if kind == manifest["kind"])
        return version.rpartition("/")[0], plural, metadata.get("namespace", ""), metadata["name"]

    # -- reading

    def _look(self, place: Place) -> Held | None:
        held = self.objects.get(place)
        if held is None:
            return None
        self.controllers(held.raw)
        if "deletionTimestamp" in held.raw["metadata"]:
            held.lingers -= 1
            if held.lingers < 0:
                self._drop(place)
                return None
        elif place[1] == CRDS and not established(held.raw):
            self._establish(held)
        return held

    def _establish(self, held: Held) -> None:
        name = held.raw["metadata"]["name"]
        self.slow[name] = self.slow.get(name, 0) - 1
        if self.slow[name] < 0:
            held.raw["status"]["conditions"] = [{"type": "Established", "status": "True"}]

    def _list(self, call: Call, place: Place, version: str) -> Raw:
        wanted = dict(pair.split("=") for pair in dict(call.query).get("labelSelector", "").split(",") if pair)
        items = [
            {key: value for key, value in held.raw.items() if key not in {"apiVersion", "kind"}}
            for there, held in sorted(self.objects.items())
            if there[:2] == place[:2] and place[2] in ("", there[2])
            if self.ignores_selectors or wanted.items() <= (held.raw["metadata"].get("labels") or {}).items()
        ]
        return {"apiVersion": version, "metadata": {"resourceVersion": "1"}, "items": items}

    # -- writing

    def _apply(self, place: Place, wanted: Raw, who: Who, call: Call, *, force: bool) -> Raw:
        held = self.objects.get(place) or self._new(place, wanted, call)
        if "deletionTimestamp" in held.raw["metadata"]:
            raise _refused(409, call, "object is being deleted")
        before = copy.deepcopy(held.raw)
        try:
            applied(held.raw, held.owners, wanted, who, force=force)
        except Conflict as conflict:
            told = f'Apply failed with 1 conflict: conflict with "{conflict.manager}": .{conflict.field}'
            causes = [{"reason": "FieldManagerConflict", "field": conflict.field}]
            raise _refused(409, call, told, {"causes": causes, "name": place[3]}) from conflict
        self._written(place, held, before, call)
        return held.raw

    def _put(self, place: Place, held: Held, call: Call, part: str) -> Raw:
        body = call.body or {}
        metadata, mine = body["metadata"], held.raw["metadata"]
        if (metadata.get("resourceVersion"), metadata.get("uid")) != (mine["resourceVersion"], mine["uid"]):
            raise _refused(409, call, "the object has been modified")
        before = copy.deepcopy(held.raw)
        kept = {key: held.raw[key] for key in ("status",) if key in held.raw and part != "status"}
        new = {**held.raw, "status": body["status"]} if part == "status" else {**copy.deepcopy(body), **kept}
        manager = (dict(call.query)["fieldManager"], "Update")
        for path, value in leaves(new):
            if at(before, path) != value:
                for paths in held.owners.values():
                    paths.discard(path)
                held.owners.setdefault(manager, set()).add(path)
        held.raw = copy.deepcopy(new)
        self._written(place, held, before, call)
        return held.raw

    def _new(self, place: Place, wanted: Raw, call: Call) -> Held:
        _, _, namespace, name = place
        if namespace and ("", "namespaces", "", namespace) not in self.objects:
            raise _refused(404, call, f'namespaces "{namespace}" not found', {"name": namespace})
        metadata: Raw = {"name": name, "uid": f"uid-{next(self._numbers)}", "resourceVersion": "0"}
        if namespace:
            metadata["namespace"] = namespace
        held = Held({"apiVersion": wanted["apiVersion"], "kind": wanted["kind"], "metadata": metadata})
        self.objects[place] = held
        return held

    def _written(self, place: Place, held: Held, before: Raw, call: Call) -> None:
        if place[1] == CRDS:
            told = with_stored_versions(held.raw)
            if told:
                held.raw = before
                raise _refused(422, call, told, {"causes": [{"field": "status.storedVersions", "message": told}]})
        metadata = held.raw["metadata"]
        metadata["managedFields"] = [{"manager": who, "operation": how} for who, how in sorted(held.owners)]
        stale = held.stored_in != self._storage(place)
        if stale or content(before) != content(held.raw) or metadata["resourceVersion"] == "0":
            metadata["resourceVersion"] = str(next(self._numbers))
        held.stored_in = self._storage(place)

    def _storage(self, place: Place) -> str:
        for (_, plural, _, name), held in self.objects.items():
            if plural == CRDS and name == f"{place[1]}.{place[0]}":
                return storage_of(held.raw)
        return ""

    def _delete(self, place: Place, held: Held, call: Call) -> None:
        options = call.body or {}
        uid = (options.get("preconditions") or {}).get("uid", held.raw["metadata"]["uid"])
        if uid != held.raw["metadata"]["uid"]:
            raise _refused(409, call, "the UID in the precondition does not match")
        held.raw["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        held.lingers = self.slow.get(place[3], 0)
        if not held.lingers:
            self._drop(place)

    def _drop(self, place: Place) -> None:
        del self.objects[place]
        for there in list(self.objects):
            in_namespace = place[1] == "namespaces" and there[2] == place[3]
            of_definition = place[1] == CRDS and f"{there[1]}.{there[0]}" == place[3]
            if in_namespace or of_definition:
                del self.objects[there]

    def _allowed(self, review: Raw) -> bool:
        self.reviews_denied -= 1
        roles, bindings = self._of_kind("ClusterRole"), self._of_kind("ClusterRoleBinding")
        return self.reviews_denied < 0 and allowed(review["spec"], roles, bindings)

    def _of_kind(self, kind: str) -> list[Raw]:
        return [held.raw for held in self.objects.values() if held.raw["kind"] == kind]


def _refused(status: int, call: Call, message: str, details: Raw | None = None) -> Exception:
    return translate(Refusal(status, call.action, {"message": message, "details": details or {}}))
