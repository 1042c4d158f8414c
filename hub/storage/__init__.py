"""Where the hub keeps things: PostgreSQL only, one dialect, one way in (`database.Store`)."""
