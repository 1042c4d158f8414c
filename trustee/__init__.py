"""A trustee: one operator with one share of each joint key, its own database, and its own view of the log.

It sees blinded points and the log's leaves, never a report. It imports the protocol alone.
"""
