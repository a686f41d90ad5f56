"""What the clusterset needs in AWS: clusterset.yaml → HubStack, AccessStacks and MemberStacks (`stacks`), in CDK.

Constructs of at most 150 lines; names (`names`, `arns`), accounts and Regions (`places`), event patterns (`patterns`)
and role statements (`grants`) as data; AWS's limits (`limits`); the bundle of the functions' code (`bundle`).
No Kubernetes, no AWS API call while synthesizing, and of `cloudmap_mcs` only `clusterset`.
`app.py`, `sandbox` and `tests` may import this package.
"""
