"""Typologies: patterns in the reports of one subject, found over tags, codes and weeks; no name is needed.

Each is a pure function from a subject's askings to a `Hit`, or None where it does not fire. `hits` asks all of
them; a further one is a function listed under the entry point group "cairn_hub.typologies".
"""
