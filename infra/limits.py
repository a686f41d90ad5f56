"""Limits of AWS that a large clusterset would hit: found before anything is made, and said in the file's words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudmap_mcs.clusterset import ClustersetError, Mistake
from infra import names, patterns, places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudmap_mcs.clusterset import Clusterset

CLUSTERS_OF_A_STACK = 14
"""A stack has at most 500 resources, and a cluster about 30 of them."""

PLACES = 40
"""Where events are forwarded to: the policy of one dead-letter queue names the rules of all.

With the limit above, this also keeps either bus of the hub far from 300 rules.
"""

MEMBERS_CHARACTERS = 3_000
"""All cluster ids with commas: a function's environment has 4 KB, and more in it than these."""

PATTERN_CHARACTERS = 2_048
_LONGEST_PARTITION = "aws-us-gov"


@dataclass(frozen=True, slots=True)
class _Limit:
    """What is counted in `clusters`, how much of it there is and may be, and what to do about it."""

    what: str
    found: int
    most: int
    advice: str


def check(clusterset: Clusterset, *, source: str = "clusterset.yaml") -> None:
    """Raise ClustersetError with every limit that the clusterset exceeds."""
    exceeded = [limit for limit in _limits(clusterset) if limit.found > limit.most]
    if exceeded:
        raise ClustersetError(
            source,
            [
                Mistake("clusters", f"{limit.found} {limit.what}", f"allowed are {limit.most}; {limit.advice}")
                for limit in exceeded
            ],
        )


def _limits(clusterset: Clusterset) -> Iterator[_Limit]:
    remote = places.remote(clusterset)
    for place, clusters in places.with_functions(clusterset).items():
        where = f"clusters with functions in account {place.account}, Region {place.region}"
        advice = "the others need another functions_account, or a clusterset of their own"
        yield _Limit(where, len(clusters), CLUSTERS_OF_A_STACK, advice)
    yield _Limit("accounts and Regions beside the hub's", len(remote), PLACES, "use fewer, with more clusters each")
    characters = len(",".join(clusterset.members))
    yield _Limit("characters in all cluster ids", characters, MEMBERS_CHARACTERS, "use shorter ids or fewer clusters")
    if clusterset.cloudtrail != "off":
        what = f"characters of the pattern that knows {len(places.of_watchers(clusterset))} accounts and Regions"
        advice = "use fewer accounts and Regions, a shorter clusterset id, or cloudtrail: off"
        yield _Limit(what, _pattern_size(clusterset), PATTERN_CHARACTERS, advice)


def _pattern_size(clusterset: Clusterset) -> int:
    roles = [
        f"arn:{_LONGEST_PARTITION}:iam::{place.account}:role/{names.watcher_roles(clusterset.clusterset, place.region)}"
        for place in places.of_watchers(clusterset)
    ]
    return len(json.dumps(patterns.foreign_writes(roles)))
