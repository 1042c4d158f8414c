"""The verbs of `cairn-hub`, by what they are about."""
