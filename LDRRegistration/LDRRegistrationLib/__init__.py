"""The registration engine of the LDRRegistration module.

Importing this package, or any module of it outside ``gui/``, imports neither Qt nor torch: torch is imported by the
functions that compute with it, when they run.
"""
