"""The behaviours that the upstream MCS conformance suite demands, and more, against any clusters of a kubeconfig.

One function per row of `specs.SPECS`. Nothing here knows our implementation, only the Kubernetes API and what a program
in a pod sees. `make conformance CONTEXTS=a,b` runs it; `docs/conformance.md` has the rules and our results.
Cases of our own that go further live in `beyond/`, on the same fixtures.
"""
