"""The parts of the module's panel. With LDRRegistration.py, the only place where Qt and CTK may appear."""
