"""What goes wrong with the proof itself."""


class HarnessError(Exception):
    """Raised when the proof can't be carried out; says nothing about the system."""
