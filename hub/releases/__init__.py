"""Releases: tables on a calendar, agreed to by two analysts, in the log first, reproducible from their inputs."""
