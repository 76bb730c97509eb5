"""What new nodes are called: the names of the two volumes, and which way it went."""


def transformName(moving: str, fixed: str) -> str:
    """A transform that carries the volume ``moving`` onto the volume ``fixed``."""
    return f"{moving} to {fixed} (LDR)"


def changesTransformName(prior: str, current: str) -> str:
    """A transform that carries the scan ``prior`` onto ``current`` without hiding what changed."""
    return f"{prior} to {current} (LDR, for changes)"


def volumeName(moving: str, fixed: str) -> str:
    """A volume that holds ``moving`` as it looks on the grid of ``fixed``."""
    return f"{moving} aligned to {fixed} (LDR)"
