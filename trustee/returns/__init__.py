"""Returns: this trustee's share of their key, its noise, and its part in the one sum of a period."""
