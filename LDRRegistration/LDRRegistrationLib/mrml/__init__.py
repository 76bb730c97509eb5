"""Between MRML nodes and the engine's values: the only place that reads or builds vtkMRML nodes. Main thread only."""
