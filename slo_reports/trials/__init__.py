"""Experiments and what became of them: one trial judged from its run folder, and a suite of trials on one page."""
