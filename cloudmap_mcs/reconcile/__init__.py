"""Use cases, one per module: observe both sides → desired → plan → apply → Outcome.

Here lives the order in which the ports are asked. No SDK, no logging: what happened is returned. Imports `ports`,
`plan`, `domain` and `errors`; only doors import it.
"""
