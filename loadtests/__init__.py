"""Makes work for the system and records what happened; judges nothing."""
