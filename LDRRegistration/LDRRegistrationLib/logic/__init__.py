"""Registration and comparison of MRML nodes, for the panel, the console and the command line: no Qt.

from LDRRegistrationLib.logic import RegistrationLogic
"""

from .registration import RegistrationLogic

__all__ = ["RegistrationLogic"]
