"""What a resync did, as JSON for whoever invoked it and as log lines for whoever comes later."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from cloudmap_mcs.reconcile.outcome import Failure, Outcome, Verb
from cloudmap_mcs.reconcile.resyncing import Resynced


def entry(item: Outcome | Failure) -> dict[str, Any]:
    """Report one key: created, updated, deleted, unchanged, conflicts, errors."""
    if isinstance(item, Failure):
        return {"errors": [f"{item.reason}: {item.message}"]}
    verbs = {
        verb.value: [f"{change.kind}/{change.name}" for change in item.changes if change.verb is verb] for verb in Verb
    }
    return {
        **verbs,
        "unchanged": item.unchanged,
        "conflicts": [reason.value for reason in item.conflicts],
        "errors": [
            *(f"{aside.instance}: {aside.problem}" for aside in item.set_aside),
            *([f"Unsettled: {item.unsettled}"] if item.unsettled else []),
        ],
        **({"skipped": item.skip.value} if item.skip else {}),
    }


def report(resynced: Resynced, *, cluster: str, is_dry_run: bool) -> dict[str, Any]:
    """Report a whole resync: totals first, then every key."""
    return {
        "cluster": cluster,
        "dry_run": is_dry_run,
        "complete": not (resynced.is_unfinished or resynced.is_braked),
        "totals": dict(sorted(_totals(resynced.outcomes).items())),
        "members": {
            "silent": list(resynced.clusterset.silent),
            "errors": [f"{aside.instance}: {aside.problem}" for aside in resynced.clusterset.set_aside],
        },
        "brake": _brake(resynced) if resynced.is_braked else None,
        "continues_after": str(resynced.unfinished_after) if resynced.unfinished_after else None,
        "keys": {str(item.key): entry(item) for item in resynced.outcomes},
    }


def _totals(outcomes: Iterable[Outcome | Failure]) -> Counter[str]:
    totals: Counter[str] = Counter({"keys": 0, "errors": 0, "conflicts": 0, **{verb.value: 0 for verb in Verb}})
    for item in outcomes:
        totals["keys"] += 1
        if isinstance(item, Failure):
            totals["errors"] += 1
        else:
            totals["errors"] += bool(item.unsettled)
            totals["conflicts"] += bool(item.conflicts)
            totals.update(change.verb.value for change in item.changes)
    return totals


def _brake(resynced: Resynced) -> dict[str, Any]:
    return {
        "held_back": [str(key) for key in resynced.held_back],
        "what_to_do": "more than 10 imports and more than a quarter of all would be removed; if that is right, "
        'invoke again with "force": true',
    }
