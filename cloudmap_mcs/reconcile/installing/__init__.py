"""Use case: put everything into a member cluster, in order, or take it out again; start at `installer.Installer`.

Every step looks at what is there first, so that a run that ended half-way is continued by the next.
What is rendered and how a Corefile is edited come in as values and pure functions (`cloudmap_mcs.install`).
"""
