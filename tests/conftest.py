"""Settings that hold for every test."""

from hypothesis import HealthCheck, settings

# A shared machine may be slow at any moment; how long an example takes is not what the properties are about.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")
