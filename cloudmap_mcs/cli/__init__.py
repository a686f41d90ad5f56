"""Door: `mcsctl`, the command line for people and for the pipelines of a GitOps repository.

Here live commands, their options and their messages; every rule is in what they call. Started as
`python -m cloudmap_mcs.cli` or by `mcsctl` in the checkout; nothing imports it, and the bundle leaves it out.
Answers go to standard output and nothing else does. The exit status is 0, 1 for a file that cannot be used,
or 2 for a command line that cannot.
"""
