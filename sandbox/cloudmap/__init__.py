"""A simulator of AWS Cloud Map that behaves like the service, not like a dictionary.

Here live the rules of Cloud Map as pure functions over a state (`registry`, `namespaces`, `services`, `instances`,
`discovery`, `operations`, …; limits and request shapes are tables), the disturbances a test can ask for
(`disturbance`), and one thin HTTP door (`app`, `server`).
Nothing here knows Kubernetes, MCS or the code under test, and the pure part does no I/O: time and randomness come in.
`sandbox`, `bench` and `tests` may import it; the product may not.

Use it from a test with `sandbox.cloudmap.server.start`, from a shell with `python -m sandbox.cloudmap`.
"""
