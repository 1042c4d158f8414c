"""No test here is timed: on a busy machine hypothesis' deadline would fail what is right."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
