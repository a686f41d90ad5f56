"""clusterset.yaml, the one file a user edits: its schema, how it is read, and everything that may be wrong with it.

The only part of this package that `infra` imports; in the package itself only the command line (`cli`) imports it.
"""

from cloudmap_mcs.clusterset.mistakes import ClustersetError, Mistake
from cloudmap_mcs.clusterset.reading import load, parse
from cloudmap_mcs.clusterset.schema import (
    Account,
    Cluster,
    Clusterset,
    Hub,
    Importer,
    Label,
    Network,
    Region,
    ResyncMinutes,
    StubZone,
    Watcher,
)

__all__ = (
    "Account",
    "Cluster",
    "Clusterset",
    "ClustersetError",
    "Hub",
    "Importer",
    "Label",
    "Mistake",
    "Network",
    "Region",
    "ResyncMinutes",
    "StubZone",
    "Watcher",
    "load",
    "parse",
)
