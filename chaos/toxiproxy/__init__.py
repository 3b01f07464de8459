"""Faults in the network between the programs of a stack: the real Toxiproxy server, started, asked and replaced."""
