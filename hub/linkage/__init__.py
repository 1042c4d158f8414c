"""Linkage: which reports are about one subject, decided over tags that stand for nobody knows what."""
