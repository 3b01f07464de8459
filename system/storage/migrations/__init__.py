"""Schema history, applied by `steadypost db upgrade`."""
