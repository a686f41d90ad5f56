"""Local AWS: ministack in an environment of its own, made stricter and filled in by `launcher`, and the real CDK on it.

Here live its environment (`venv`), its process (`server`), Node for the CDK (`node`) and the deploy (`deploy`).
`launcher` is run by ministack's interpreter and imports nothing of ours. No clusters, no Cloud Map, no demo.
`sandbox` and tests import this package.
"""
