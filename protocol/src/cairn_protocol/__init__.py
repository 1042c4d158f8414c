"""Cairn's protocol: what a firm, a trustee, the hub and an auditor must agree on, byte for byte.

Promises: no file, socket, clock or database is touched here, and nothing of the
rest of the project is imported. Every rule that two parties must decide alike is
a function of values in this package.
"""

__version__ = "0.1.0"
