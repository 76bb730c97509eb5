"""Runs a scripted Slicer module in a real Qt window, over a real MRML scene, without the Slicer application.

slicer-core brings MRML and ``slicer.util``, PySide6 brings Qt; the rest is stood in for, no more than the panel uses:
PythonQt's manners (``pythonqt``), MRML and CTK widgets (``widgets``), the parameter node wrapper (``parameters``) and
the application with its base classes (``application``). What stands in is stricter than the original, never laxer. It
cannot show how PythonQt, CTK or Slicer's own widgets behave beyond that.
"""
