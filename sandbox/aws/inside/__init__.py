"""What the local AWS gets on top of ministack; run by the interpreter of ministack's own environment.

Nothing but the standard library may be imported here, and ministack's modules come in as arguments. They are reached
by private names, because there is no public way in: that is why the version is pinned and every name is looked for.
"""
