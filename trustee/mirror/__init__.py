"""The trustee's own copy of the log: what it has seen it can't be made to unsee."""
