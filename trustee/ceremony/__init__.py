"""Key generation among the trustees: three joint keys that no machine ever holds."""
