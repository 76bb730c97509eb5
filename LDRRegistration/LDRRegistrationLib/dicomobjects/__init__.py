"""What goes back to the archive: segmentation, measurement report and registration as DICOM objects."""
