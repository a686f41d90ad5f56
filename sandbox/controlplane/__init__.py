"""A real Kubernetes control plane on loopback: etcd, API server, controllers, scheduler, and KWOK's simulated nodes.

Here live the processes of one cluster, their flags and certificates, and the few calls that the sandbox itself makes.
What speaks to clusters for the product is `cloudmap_mcs.kube`; it is not used here, so that neither hides the other's
mistakes. `sandbox`, `bench` and tests import it; `python -m sandbox.controlplane` starts some clusters to look at.
"""
