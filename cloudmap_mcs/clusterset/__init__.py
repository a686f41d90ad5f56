"""clusterset.yaml, the one file a user edits: its schema, how it is read, and everything that may be wrong with it.

The only part of this package that `infra` imports; in the package itself only the command line (`cli`) imports it.
"""

from cloudmap_mcs.clusterset.mistakes import ClustersetError, Mistake
from cloudmap_mcs.clusterset.reading import load, parse
from cloudmap_mcs.clusterset.schema import (
    Cluster,
    Clusterset,
    Hub,
    Importer,
    Label,
    Network,
    ResyncMinutes,
    StubZone,
    Watcher,
)

__all__ = (
    "Cluster",
    "Clusterset",
    "ClustersetError",
    "Hub",
    "Importer",
    "Label",
    "Mistake",
    "Network",
    "ResyncMinutes",
    "StubZone",
    "Watcher",
    "load",
    "parse",
)
