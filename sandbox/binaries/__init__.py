"""The programs of a control plane, built from their public Go modules into a cache outside the checkout.

Here live the catalogue, the search for a Go toolchain, the build and its progress; nothing that runs the programs.
`sandbox` and tests import it; `python -m sandbox.binaries` builds everything.
"""
