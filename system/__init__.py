"""The product: dispatch, recommend, send, track; it knows nothing of tests, faults or the fake provider."""
