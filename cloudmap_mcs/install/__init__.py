"""What cloudmap-mcs puts into a member cluster, as plain manifest dicts.

Here live the CRDs, the RBAC, the ClusterProperties and the watcher's Deployment, and the order in which they go in.
The edit of CoreDNS's Corefile is here too (`corefile`): text in, text out.
Nothing here reads, writes, calls or logs: only the standard library, `cloudmap_mcs.domain` and `cloudmap_mcs.errors`.
The installer function, `mcsctl`, the sandbox and the tests import it; start at `rendering.render`.
"""
