"""Cases beyond the upstream suite: three clusters, precedence, readiness, rollouts, zones, IP families, DNS names.

They keep the suite's limits (20 s, 5 s without a miss, 60 s for pods) and know nothing of our implementation either.
A case that the given clusters cannot show is skipped with the reason.
"""
