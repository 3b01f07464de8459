"""Files of other systems into our tables."""
