"""The pure codec between domain values and Kubernetes manifests, one module per kind that importers write.

Nothing here calls, logs or knows a client. For every value: decode(what a server makes of encode(value)) == value, so
that server defaults and field order never cause a write. Only `cloudmap_mcs.kube` imports it.
"""
