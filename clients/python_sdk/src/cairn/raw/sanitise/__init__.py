"""What may leave the firm in the clear of the hub: codes, made coarse here and nowhere later.

Not here: scrubbing of narratives, which leave only sealed.
"""

from cairn.raw.sanitise.coarsening import Leaving, Rules, Step, leaving
from cairn.raw.sanitise.open_codes import family_of, open_codes, week_of

__all__ = ["Leaving", "Rules", "Step", "family_of", "leaving", "open_codes", "week_of"]
