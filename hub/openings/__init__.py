"""Openings: two analysts ask, the log has it first, trustees see the evidence; the hub reads nothing of it."""
