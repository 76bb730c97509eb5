"""DICOM folders: what they hold, which series is a volume, and its voxels. LPS mm here; images leave in RAS."""
