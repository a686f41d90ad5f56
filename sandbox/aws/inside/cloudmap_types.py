"""The CloudFormation type of a Cloud Map namespace, made in the Cloud Map that functions and watchers use."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from sandbox.aws.inside.resources import Made, Properties, Resource, selected

if TYPE_CHECKING:
    from types import ModuleType

_CLOUD_MAP_SECONDS = 30.0


class CloudMapNamespaces(Resource):
    """Namespaces in the Cloud Map that functions and watchers use."""

    replaced_by = ("Name",)

    def __init__(self, responses: ModuleType, url: str) -> None:
        self._responses = responses
        self._url = url

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        request = selected(properties, ("Name", "Description"))
        # CloudFormation's own tags are refused from anybody else.
        request["Tags"] = [tag for tag in properties.get("Tags", []) if not tag["Key"].startswith("aws:")]
        request["CreatorRequestId"] = f"{stack}-{logical_id}-{time.time_ns()}"[-64:]
        identifier = self._finished(self._call("CreateHttpNamespace", request))["NAMESPACE"]
        return identifier, self._attributes(identifier)

    def change(self, physical_id: str, properties: Properties) -> Made:
        namespace = {"Description": properties.get("Description", "")}
        self._finished(self._call("UpdateHttpNamespace", {"Id": physical_id, "Namespace": namespace}))
        return physical_id, self._attributes(physical_id)

    def delete(self, physical_id: str, _properties: Properties) -> None:
        try:
            answer = self._call("DeleteNamespace", {"Id": physical_id})
        except ValueError as error:
            if "NamespaceNotFound" not in str(error):
                raise
        else:
            self._finished(answer)

    def _attributes(self, identifier: str) -> dict[str, Any]:
        namespace = self._call("GetNamespace", {"Id": identifier})["Namespace"]
        return {"Id": identifier, "Arn": namespace["Arn"]}

    def _finished(self, answer: dict[str, Any]) -> dict[str, str]:
        deadline = time.monotonic() + _CLOUD_MAP_SECONDS
        while time.monotonic() < deadline:
            operation = self._call("GetOperation", {"OperationId": answer["OperationId"]})["Operation"]
            if operation["Status"] == "SUCCESS":
                return dict(operation["Targets"])
            if operation["Status"] == "FAIL":
                raise ValueError(operation.get("ErrorMessage", "the operation failed"))
            time.sleep(0.05)
        raise ValueError(f"Cloud Map did not finish within {_CLOUD_MAP_SECONDS:g} s")

    def _call(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        scope = f"{self._responses.get_account_id()}/20260101/{self._responses.get_region()}/servicediscovery"
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"Route53AutoNaming_v20170314.{operation}",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}/aws4_request, SignedHeaders=host, Signature=0",
            "User-Agent": "cloudformation.amazonaws.com",
        }
        request = urllib.request.Request(self._url, json.dumps(body).encode(), headers)  # noqa: S310 -- the sandbox's own server
        try:
            with urllib.request.urlopen(request, timeout=_CLOUD_MAP_SECONDS) as answer:  # noqa: S310 -- the same
                result: dict[str, Any] = json.load(answer)
                return result
        except urllib.error.HTTPError as error:
            raise ValueError(f"Cloud Map refused {operation}: {error.read().decode()}") from error
        except OSError as error:
            raise ValueError(f"Cloud Map at {self._url} does not answer: {error}") from error
