"""A stand-in for SendGrid v3 that shares no code with the system it is used to test."""
