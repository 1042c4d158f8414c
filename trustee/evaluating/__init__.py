"""Evaluating blinded points for members, metered by group and day."""
