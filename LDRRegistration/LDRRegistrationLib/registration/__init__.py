"""From two images to a transform, and what it is worth."""
