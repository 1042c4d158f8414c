"""Returns: encrypted counters of a period, of which the hub sees the sum of all groups, never one group's."""
