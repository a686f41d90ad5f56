"""When a read of the registry may be believed.

The data plane may lag behind the event that announced a change, or behind what the cluster was made from. A record
below the newest generation known of its source is a stale read, and so is the absence of a record that was known.
"""

from collections.abc import Iterable, Mapping

from cloudmap_mcs.domain.imports import Note, Observed
from cloudmap_mcs.domain.model import ClusterId, Record


def floors(observed: Observed) -> dict[ClusterId, Note]:
    """Find the newest note of each source among all objects of a key."""
    newest: dict[ClusterId, Note] = {}
    for note in _notes(observed):
        if note.source not in newest or newest[note.source].generation < note.generation:
            newest[note.source] = note
    return newest


def _notes(observed: Observed) -> Iterable[Note]:
    if observed.service_import:
        yield from observed.service_import.value.notes
    for seen in observed.slices:
        yield Note(seen.value.source, seen.value.generation, seen.value.service_id)


def stale_sources(
    records: Iterable[Record], floor: Mapping[ClusterId, Note], wanted: Mapping[ClusterId, int]
) -> frozenset[ClusterId]:
    """Name the sources whose record, or absence, is older than what is known of them."""
    found = {record.cluster: record.generation for record in records}
    known = floor.keys() | wanted.keys()
    return frozenset(
        source
        for source in known
        if source not in found
        or found[source] < max(floor[source].generation if source in floor else 0, wanted.get(source, 0))
    )
