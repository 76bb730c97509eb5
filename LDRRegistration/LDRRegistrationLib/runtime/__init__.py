"""What the rest stands on: errors, PyTorch, devices, progress, the worker, files that are written whole."""
