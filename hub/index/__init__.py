"""The index: cards and the tags that open them, in segments any cache may serve, under a logged manifest."""
