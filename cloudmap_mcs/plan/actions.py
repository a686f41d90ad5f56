"""The three things that can be done to an object of ours, and the keyed difference that leads to them."""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from cloudmap_mcs.domain.imports import Managed, Seen

V = TypeVar("V", bound=Managed)
V_co = TypeVar("V_co", bound=Managed, covariant=True)


@dataclass(frozen=True, slots=True)
class Create(Generic[V_co]):
    """Make an object that was not there."""

    value: V_co


@dataclass(frozen=True, slots=True)
class Replace(Generic[V_co]):
    """Change exactly the object that was seen."""

    seen: Seen[V_co]
    value: V_co


@dataclass(frozen=True, slots=True)
class Delete(Generic[V_co]):
    """Remove exactly the object that was seen."""

    seen: Seen[V_co]


Action = Create[V] | Replace[V] | Delete[V]


def difference(
    observed: Iterable[Seen[V]],
    desired: Mapping[str, V],
    name: Callable[[V], str],
    differs: Callable[[V, V], bool] = operator.ne,
) -> tuple[Action[V], ...]:
    """Compare by name: create what is missing, replace what differs, delete what is too much, each by name.

    Creates and replaces come before deletes: make before break. Of values that do not differ nothing comes.
    """
    seen_by_name = {name(seen.value): seen for seen in observed}
    made: list[Action[V]] = []
    for key in sorted(desired):
        seen = seen_by_name.get(key)
        if seen is None:
            made.append(Create(desired[key]))
        elif differs(seen.value, desired[key]):
            made.append(Replace(seen, desired[key]))
    gone = [Delete(seen_by_name[key]) for key in sorted(seen_by_name.keys() - desired.keys())]
    return (*made, *gone)
