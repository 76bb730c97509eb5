"""Images and transforms in space: RAS millimetres."""
