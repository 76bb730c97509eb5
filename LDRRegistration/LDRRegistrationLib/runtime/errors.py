"""The three ways a registration ends without a result; each carries one sentence made for the user."""


class RegistrationError(ValueError):
    """The input cannot be registered; the message says what is wrong with it."""


class DependencyError(RuntimeError):
    """Something the engine needs is missing (PyTorch) or damaged (a model file)."""


class RegistrationCancelled(Exception):
    """The user asked to stop."""
