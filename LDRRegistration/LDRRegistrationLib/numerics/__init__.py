"""Tensors in voxels: displacement, filters, losses, fold removal. Nothing here knows of millimetres or images."""
