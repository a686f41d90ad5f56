"""What the clusterset needs in AWS: clusterset.yaml → HubStack and one MemberStack per account and Region, in CDK.

Constructs of at most 150 lines, names (`names`), event patterns (`patterns`) and role statements (`grants`) as data,
and the bundle of the functions' code (`bundle`).
No Kubernetes, no AWS API call while synthesizing, and of `cloudmap_mcs` only `clusterset`.
`app.py`, `sandbox` and `tests` may import this package.
"""
