"""The fields of the three APIs, as OpenAPI v3 schemas.

Structure and limits are those of mcs-api v0.5.2 and about-api; the wording is our own.
Every builder returns new objects, so no manifest shares a part with another.
"""

from typing import Any

Schema = dict[str, Any]

# The patterns are part of the API: metav1.Condition's reason (CamelCase, several joined by commas) and qualified type.
REASON_PATTERN = "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"
_DNS_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
CONDITION_TYPE_PATTERN = rf"^({_DNS_LABEL}(\.{_DNS_LABEL})*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"


def cluster_property() -> Schema:
    """KEP-2149: one named fact about a cluster."""
    value = _string("The fact itself; what it means depends on the property's name.", minLength=1)
    return _kind(
        "A fact about this cluster, such as its id in a clusterset, for tools that work across clusters.",
        spec=_object("What is stated about the cluster.", {"value": value}, required=["value"]),
        status=_object("Reserved: nothing is reported about a property yet."),
    )


def service_export() -> Schema:
    """KEP-1645, "Exporting Services"."""
    spec = {
        "exportedLabels": _string_map("Labels that the ServiceImport gets in every importing cluster."),
        "exportedAnnotations": _string_map("Annotations that the ServiceImport gets in every importing cluster."),
    }
    return _kind(
        "Offers the Service of the same name and namespace to all clusters of the clusterset.",
        spec=_object("How the Service is offered.", spec),
        status=_object("What became of the offer; written by the controllers.", {"conditions": _conditions()}),
    )


def service_import() -> Schema:
    """KEP-1645, "Importing Services"."""
    status = {
        "conditions": _conditions(),
        "clusters": _keyed_list(
            "The clusters whose exports make up this service.",
            _object(
                "One exporting cluster.",
                {"cluster": _string("The id of the cluster in the clusterset.")},
                required=["cluster"],
            ),
            key="cluster",
        ),
        "endpointSliceObjects": _string(
            "Whether this cluster holds imported EndpointSlices for the service.", enum=["Present", "Absent"]
        ),
    }
    return _kind(
        "A service that one or more clusters of the clusterset export, as it is seen from this cluster.",
        spec=_import_spec(),
        status=_object("Where the service comes from and how it fares; written by the controllers.", status),
    )


def _import_spec() -> Schema:
    fields = {
        "type": _string(
            "ClusterSetIP: one virtual IP per IP family; Headless: names resolve to the endpoints.",
            enum=["ClusterSetIP", "Headless"],
        ),
        "ports": _array("The ports of the service.", _port(), **{"x-kubernetes-list-type": "atomic"}),
        "ips": _array("The virtual IPs, in the order of ipFamilies; none if Headless.", _string(), maxItems=2),
        "ipFamilies": _array("The IP families of the service: IPv4, IPv6 or both.", _string(), maxItems=2),
        "sessionAffinity": _string("ClientIP keeps a client on one endpoint, None does not; ignored if Headless."),
        "sessionAffinityConfig": _object(
            "Settings of the session affinity.",
            {
                "clientIP": _object(
                    "Settings of the affinity by client IP.",
                    {"timeoutSeconds": _integer("How long a client is remembered, 1 to 86400 s.", "int32")},
                )
            },
        ),
        "internalTrafficPolicy": _string("Local uses endpoints on the client's own node only, Cluster uses all."),
        "trafficDistribution": _string("A preference among endpoints, such as PreferClose: those in the same zone."),
    }
    return _object("The service as this cluster's clients use it.", fields, required=["ports", "type"])


def _port() -> Schema:
    fields = {
        "name": _string("A DNS label, unique in the service and equal to the endpoints' port name."),
        "protocol": _string("TCP, UDP or SCTP; TCP if left out."),
        "appProtocol": _string("The application protocol, as in a Service."),
        "port": _integer("The number that clients connect to.", "int32"),
    }
    return _object("One port of the service.", fields, required=["port"])


def _conditions() -> Schema:
    fields = {
        "type": _string("What the condition is about.", maxLength=316, pattern=CONDITION_TYPE_PATTERN),
        "status": _string("Whether it holds.", enum=["True", "False", "Unknown"]),
        "reason": _string(
            "Why, as one CamelCase word for programs.", minLength=1, maxLength=1024, pattern=REASON_PATTERN
        ),
        "message": _string("Why, as a sentence for people; may be empty.", maxLength=32768),
        "lastTransitionTime": _string("When the status last changed.", format="date-time"),
        "observedGeneration": _integer("The metadata.generation that was judged.", "int64", minimum=0),
    }
    required = ["lastTransitionTime", "message", "reason", "status", "type"]
    return _keyed_list("The verdicts on this object.", _object("One verdict.", fields, required=required), key="type")


def _kind(description: str, *, spec: Schema, status: Schema) -> Schema:
    fields = {
        "apiVersion": _string("The version of the API that this text is written in."),
        "kind": _string("The kind of the object."),
        "metadata": {"type": "object"},
        "spec": spec,
        "status": status,
    }
    return _object(description, fields)


def _object(description: str, fields: dict[str, Schema] | None = None, *, required: list[str] | None = None) -> Schema:
    schema: Schema = {"type": "object", "description": description}
    if fields is not None:
        schema["properties"] = fields
    if required is not None:
        schema["required"] = required
    return schema


def _string(description: str | None = None, **rules: object) -> Schema:
    schema: Schema = {"type": "string"}
    if description is not None:
        schema["description"] = description
    return schema | rules


def _integer(description: str, width: str, **rules: object) -> Schema:
    return {"type": "integer", "format": width, "description": description, **rules}


def _array(description: str, items: Schema, **rules: object) -> Schema:
    return {"type": "array", "description": description, "items": items, **rules}


def _keyed_list(description: str, items: Schema, *, key: str) -> Schema:
    rules = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key]}
    return _array(description, items, **rules)


def _string_map(description: str) -> Schema:
    return {"type": "object", "description": description, "additionalProperties": {"type": "string"}}
