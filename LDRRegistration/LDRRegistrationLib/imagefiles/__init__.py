"""Image files to Images, checked against their raw headers: NIfTI, NRRD and MetaImage here, other formats by ITK."""
