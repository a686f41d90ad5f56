"""The Pod Identity agent's place: a ServiceAccount's projected token in, credentials of its associated role out.

Here live the review of the token (`review`), the session (`session`) and the HTTP answer (`server`).
`python -m sandbox.identity` runs it in a process of its own. `sandbox` and tests import it.
"""
