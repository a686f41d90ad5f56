"""Adapter: announces changes on EventBridge, and reads whatever a queue or an invoke may hold.

Nothing in an event is trusted: it only says where to look. Imports `ports`, `domain`, `errors` and boto3's client that
it is given; only doors import it.
"""
