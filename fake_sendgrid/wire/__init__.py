"""The provider's public side: one process that reads requests, timestamps them and answers."""
