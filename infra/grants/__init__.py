"""What each role may do: tables of actions, each with what needs it. What is granted is what is used.

One module per role, one `Grant` per kind of resource in it. A role's policy is `policy(*grants)`; whose the role is, is
in `trust`. docs/permissions.md is made of the same tables. Nothing here makes a construct or knows a name.
"""

from infra.grants.statements import Grant, Registry, policy

__all__ = ("Grant", "Registry", "policy")
