"""What stops a command with a sentence for its user instead of a traceback."""


class TrainingError(RuntimeError):
    """A command cannot go on; the message says why, and what to change where that is known."""
