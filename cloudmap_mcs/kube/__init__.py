"""Adapter: the Cluster port over the Kubernetes API, and what a watcher reads from its own cluster.

Here live the one client module, EKS access (endpoint, CA, tokens), the codecs between domain values and manifest
dicts, the error table and the reflector. No MCS rule lives here, no settings are read, and nothing is logged but an
object that the reflector cannot read.
`kubernetes` is imported by `client` alone. Doors and tests may import this package; siblings may not.
"""
