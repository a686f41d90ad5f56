"""Corefiles as clusters have them, and the stock one of EKS once it is edited."""

from pathlib import Path

COREFILES = {path.stem: path.read_text() for path in sorted(Path(__file__).with_name("corefiles").glob("*.corefile"))}

STOCK_EKS_ENABLED = """\
.:53 {
    errors
    health {
        lameduck 5s
      }
    ready
    kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
      multicluster clusterset.local # added by cloudmap-mcs
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
"""
