"""Clusters with a real node each: kubelet, containerd, CNI, kube-proxy and CoreDNS, on one Linux machine, as root.

A network namespace stands for the VPC: a bridge, on which the local AWS, the simulator and whoever drives the clusters
have one address. Each cluster has a network namespace of its own on that bridge, with its control plane and its node;
the node also has its own mounts, processes and cgroups, and a root file system made from distribution packages.
The machine's own network, mounts and settings stay as they are. Pods reach each other across clusters by address, as
in VPCs that are peered.
"""
