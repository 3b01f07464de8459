"""`steadypost slo`: one file a command."""
