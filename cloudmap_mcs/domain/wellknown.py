"""Every label, annotation, condition, reason and name that a specification fixes, and our own beside them."""

from enum import StrEnum
from typing import Final

# KEP-1645, "EndpointSlice" and "ServiceImport"; about.k8s.io is KEP-2149.
LABEL_SERVICE_NAME: Final = "multicluster.kubernetes.io/service-name"
LABEL_SOURCE_CLUSTER: Final = "multicluster.kubernetes.io/source-cluster"
ANNOTATION_DERIVED_SERVICE: Final = "multicluster.kubernetes.io/derived-service"
PROPERTY_CLUSTER: Final = "cluster.clusterset.k8s.io"
PROPERTY_CLUSTERSET: Final = "clusterset.k8s.io"

# Kubernetes' own.
LABEL_KUBE_SERVICE_NAME: Final = "kubernetes.io/service-name"
LABEL_SLICE_MANAGED_BY: Final = "endpointslice.kubernetes.io/managed-by"
LABEL_MANAGED_BY: Final = "app.kubernetes.io/managed-by"

# Ours. What carries MANAGED_BY is ours to change; nothing else is.
MANAGED_BY: Final = "cloudmap-mcs"
ANNOTATION_GENERATIONS: Final = "cloudmap-mcs/generations"
ANNOTATION_GENERATION: Final = "cloudmap-mcs/generation"
ANNOTATION_SERVICE_ID: Final = "cloudmap-mcs/cloud-map-service"
ANNOTATION_SOURCE_SLICE: Final = "cloudmap-mcs/source-slice"
ANNOTATION_EXPORTED: Final = "cloudmap-mcs/exported"
ANNOTATION_STACK: Final = "cloudmap-mcs/stack"
ANNOTATION_HINTS: Final = "cloudmap-mcs/hints"
ANNOTATION_REFUSED_DISTRIBUTION: Final = "cloudmap-mcs/refused-traffic-distribution"

RESERVED_PREFIXES: Final = ("cloudmap-mcs/", "multicluster.kubernetes.io/", "endpointslice.kubernetes.io/")
"""Keys under these are never taken over from an export's labels and annotations."""


class ConditionType(StrEnum):
    """Of ServiceExports and ServiceImports (KEP-1645, "ServiceExport status")."""

    VALID = "Valid"
    READY = "Ready"
    CONFLICT = "Conflict"


class Reason(StrEnum):
    """Of conditions: the constants of mcs-api v0.5, used as they are."""

    VALID = "Valid"
    NO_SERVICE = "NoService"
    INVALID_SERVICE_TYPE = "InvalidServiceType"
    EXPORTED = "Exported"
    READY = "Ready"
    PENDING = "Pending"
    FAILED = "Failed"
    IP_FAMILY_NOT_SUPPORTED = "IPFamilyNotSupported"
    NO_CONFLICTS = "NoConflicts"
    PORT_CONFLICT = "PortConflict"
    TYPE_CONFLICT = "TypeConflict"
    SESSION_AFFINITY_CONFLICT = "SessionAffinityConflict"
    SESSION_AFFINITY_CONFIG_CONFLICT = "SessionAffinityConfigConflict"
    INTERNAL_TRAFFIC_POLICY_CONFLICT = "InternalTrafficPolicyConflict"
    TRAFFIC_DISTRIBUTION_CONFLICT = "TrafficDistributionConflict"
    IP_FAMILY_CONFLICT = "IPFamilyConflict"
    LABELS_CONFLICT = "LabelsConflict"
    ANNOTATIONS_CONFLICT = "AnnotationsConflict"
