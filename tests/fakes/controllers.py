"""What the control plane does with an object by itself, as far as an installer waits for it."""

from typing import Any

Raw = dict[str, Any]

ADDRESS = "10.100.0.53"


def at_once(raw: Raw) -> None:
    """Give a Service its address, and say that all Pods of a Deployment are ready."""
    if raw["kind"] == "Service" and "ports" in raw.get("spec", {}):
        raw["spec"].setdefault("clusterIP", ADDRESS)
        raw["spec"].setdefault("clusterIPs", [ADDRESS])
    if raw["kind"] == "Deployment":
        raw["status"] = rolled_out(raw["spec"].get("replicas", 1))


def rolled_out(replicas: int) -> Raw:
    return {"replicas": replicas, "updatedReplicas": replicas, "availableReplicas": replicas}
