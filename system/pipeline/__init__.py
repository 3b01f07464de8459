"""The steps of a campaign; each returns ids and never enqueues."""
