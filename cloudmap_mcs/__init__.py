"""Multi-Cluster Services for Amazon EKS over AWS Cloud Map.

The map, from the inside out: `errors`, `domain` (values and MCS rules), `plan` (observed + desired → what to change),
`ports` (what the core asks of the world), `reconcile` (one use case per module), the adapters `cloudmap`, `kube`,
`eventbridge` and `install`, and the doors `watcher` and `cli` here and `lambdas` beside this package.
Imports point inwards only; import-linter holds that.
"""

VERSION = "0.1.0"
"""Of this package and of the wire data it writes: in user agents, member records and logs."""
