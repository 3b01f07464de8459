"""What must be true before a process works: asked by `steadypost doctor`, and by every process at its start."""
