"""Image pairs for training: read once, kept in memory at the training spacing, deformed and altered at random."""
