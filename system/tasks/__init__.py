"""Celery: the application, the four queues, and the only files that enqueue."""
