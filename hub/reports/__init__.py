"""Reports: checked without being read, kept once, acknowledged by a promise that survives a crash."""
