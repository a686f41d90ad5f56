"""One cluster behind a kubeconfig context: its objects as plain manifests, and commands in its pods."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from kubernetes.client.api_client import ApiClient
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from kubernetes.config.kube_config import KUBE_CONFIG_DEFAULT_LOCATION, KubeConfigMerger, new_client_from_config
from kubernetes.stream.ws_client import websocket_call
from urllib3.exceptions import HTTPError

from tests.conformance.objects import Manifest
from tests.conformance.verdicts import SuiteError

CLUSTER_ID: Final = "cluster.clusterset.k8s.io"
"""The ClusterProperty with the id of a cluster in its clusterset (KEP-2149)."""

COMMAND_SECONDS: Final = 4.0

_CALL_SECONDS: Final = (5.0, 20.0)
_NOT_FOUND: Final = 404
_JSON: Final = "application/json"
_MERGE: Final = "application/merge-patch+json"

_PATHS: Final = {
    "Namespace": "/api/v1/{}namespaces",
    "Node": "/api/v1/{}nodes",
    "Pod": "/api/v1/{}pods",
    "Service": "/api/v1/{}services",
    "ConfigMap": "/api/v1/{}configmaps",
    "Deployment": "/apis/apps/v1/{}deployments",
    "StatefulSet": "/apis/apps/v1/{}statefulsets",
    "EndpointSlice": "/apis/discovery.k8s.io/v1/{}endpointslices",
    "ServiceExport": "/apis/multicluster.x-k8s.io/v1beta1/{}serviceexports",
    "ServiceImport": "/apis/multicluster.x-k8s.io/v1beta1/{}serviceimports",
    "ClusterProperty": "/apis/about.k8s.io/v1beta1/{}clusterproperties",
}


class ApiError(Exception):
    """An API server refused a call or was not reached. `status` is zero when there was no answer."""

    def __init__(self, action: str, status: int, told: str) -> None:
        super().__init__(f"{action}: {told}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster. `name` is what reports call it: the kubeconfig's name of the cluster behind the context.

    Kinds are those of the table above; an empty namespace is for what has none, and for lists of all.
    Every method raises ApiError; only `run` never fails.
    """

    context: str
    name: str
    api: ApiClient = field(repr=False, compare=False)

    def find(self, kind: str, name: str, namespace: str = "") -> Manifest | None:
        """Give an object, or None when there is none of that name."""
        try:
            return self._call("GET", f"{_path(kind, namespace)}/{name}")
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    def objects(self, kind: str, namespace: str = "", *, labels: str = "") -> list[Manifest]:
        """Give all objects of a kind, those with the labels when a selector is given."""
        answer = self._call("GET", _path(kind, namespace), query=(("labelSelector", labels),) if labels else ())
        items: list[Manifest] = answer["items"]
        return items

    def create(self, manifest: Manifest, namespace: str = "") -> Manifest:
        return self._call("POST", _path(manifest["kind"], namespace), body=manifest)

    def patch(self, kind: str, name: str, namespace: str, change: Manifest) -> Manifest:
        """Change an object by a JSON merge patch."""
        return self._call("PATCH", f"{_path(kind, namespace)}/{name}", body=change, media=_MERGE)

    def delete(self, kind: str, name: str, namespace: str = "") -> None:
        """Ask for the deletion of an object and do not wait for its end; one that is not there is fine."""
        try:
            self._call("DELETE", f"{_path(kind, namespace)}/{name}")
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise

    def run(self, pod: str, namespace: str, script: str) -> str:
        """Run a shell command in a pod and give what it prints, with a terminal and without input.

        Empty when it fails, takes longer than four seconds or cannot be run at all: as in the upstream suite.
        """
        try:
            return self._run(pod, namespace, script)
        except Exception:  # noqa: BLE001 - whatever goes wrong means that nothing was printed
            return ""

    def version(self) -> str:
        answer: str = self._call("GET", "/version")["gitVersion"]
        return answer

    def close(self) -> None:
        """Close its connections."""
        self.api.close()  # type: ignore[no-untyped-call]

    def cluster_id(self) -> str:
        """Give the cluster's id in the clusterset; a SuiteError when it has none."""
        found = self.find("ClusterProperty", CLUSTER_ID)
        if found is None:
            raise SuiteError(f"cluster {self.name} has no ClusterProperty {CLUSTER_ID}")
        value: str = found["spec"]["value"]
        return value

    def _run(self, pod: str, namespace: str, script: str) -> str:
        asked = ("sh", "-c", script)
        streams = (("stdin", "false"), ("stdout", "true"), ("stderr", "true"), ("tty", "true"))
        _, url, headers, *_ = self.api.param_serialize(
            "GET",
            f"{_path('Pod', namespace)}/{pod}/exec",
            query_params=[*(("command", word) for word in asked), *streams],
            auth_settings=["BearerToken"],
        )
        process = websocket_call(  # type: ignore[no-untyped-call]
            self.api.configuration, "GET", url, headers=headers, _preload_content=False
        )
        try:
            process.run_forever(timeout=COMMAND_SECONDS)
            printed: str = process.read_stdout()
            return printed if process.returncode == 0 else ""
        finally:
            # Its own close() leaves the socket open where the server was the first to close.
            process.sock.shutdown()

    def _call(
        self,
        verb: str,
        path: str,
        *,
        query: tuple[tuple[str, str], ...] = (),
        body: Manifest | None = None,
        media: str = _JSON,
    ) -> Manifest:
        request = self.api.param_serialize(
            verb,
            path,
            query_params=list(query),
            header_params={"Accept": _JSON, "Content-Type": media},
            body=body,
            auth_settings=["BearerToken"],
        )
        action = f"{verb} {path} in cluster {self.name}"
        try:
            answer = self.api.call_api(*request, _request_timeout=_CALL_SECONDS)
            status, content = answer.response.status, answer.response.data
        except (ApiException, HTTPError) as error:
            raise ApiError(action, 0, " ".join(str(error).split())) from error
        parsed = _parsed(action, status, content)
        if status >= 400:
            raise ApiError(action, status, f"{status} {parsed.get('message', '')}")
        return parsed


def open_cluster(context: str, kubeconfig: str | None) -> Cluster:
    """Give the cluster behind a context of a kubeconfig file, by default the user's own; does not call it.

    Raises SuiteError when the file or the context is missing or cannot be understood.
    """
    try:
        file = kubeconfig or KUBE_CONFIG_DEFAULT_LOCATION
        merged = KubeConfigMerger(file).config  # type: ignore[no-untyped-call]  # the package is typed in parts
        named = {one["name"]: one["context"]["cluster"] for one in merged.value["contexts"]} if merged else {}
        if context not in named:
            raise SuiteError(
                f"kubeconfig {file} has no context {context!r}; it has {', '.join(sorted(named)) or 'none'}"
            )
        api = new_client_from_config(kubeconfig, context, persist_config=False)  # type: ignore[no-untyped-call]
    except ConfigException as error:
        raise SuiteError(f"context {context!r}: {error}") from error
    return Cluster(context, named[context], api)


def fit_for_checks(cluster: Cluster) -> None:
    """Raise a SuiteError unless the kinds of the MCS API can be listed, as the upstream suite does."""
    for kind in ("ServiceExport", "ServiceImport"):
        try:
            cluster.objects(kind)
        except ApiError as error:
            raise SuiteError(f"{kind}s cannot be listed: {error}; is the MCS API (v1beta1) installed?") from error


def _path(kind: str, namespace: str) -> str:
    return _PATHS[kind].format(f"namespaces/{namespace}/" if namespace else "")


def _parsed(action: str, status: int, content: bytes) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = json.loads(content)
    except ValueError as error:
        raise ApiError(action, 0, f"{status} without JSON, so it is no API server's") from error
    return parsed
