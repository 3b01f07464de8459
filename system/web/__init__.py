"""HTTP: the event webhook, unsubscribe links, health and metrics."""
