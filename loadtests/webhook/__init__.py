"""Webhook load in an open model: arrivals that wait for nobody, posts as the provider and its enemies send them."""
