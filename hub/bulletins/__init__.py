"""Bulletins: sanitised texts that two people let out, and the channel by which governments read and comment."""
