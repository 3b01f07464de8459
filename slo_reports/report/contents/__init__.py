"""What a report tells of a run: one file per section, each a function from the run to plain JSON."""
