"""``ldr-apply``: transforms of this and of other programs, applied, composed, inverted and converted."""
