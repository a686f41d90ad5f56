"""Clusters that the user already has, made members of the sandbox: `--context`.

Here live the reading of the kubeconfig (`contexts`), what is checked before anything is written (`checks`), and the
TLS proxy in front of each cluster (`review`, `forwarding`, `server`), which `python -m sandbox.attached` runs in a
process of its own. What is installed is rendered by `cloudmap_mcs.install`, not here. `sandbox` and tests import it.
"""
