"""Who may act: the roster from the log's leaves, invitations and approvals, and who signed a request."""
