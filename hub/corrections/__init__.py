"""Corrections: disputes that reviewers see, cuts that they order and analysts confirm, and who took notice."""
