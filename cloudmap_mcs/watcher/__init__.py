"""Door: the in-cluster watcher. Reflectors feed keys into a queue, workers export them, one active replica by Lease.

Here live threads, the queue, the Lease, health and shutdown; every rule is in `plan` and `reconcile`. Started as
`python -m cloudmap_mcs.watcher`; nothing imports it.
"""
