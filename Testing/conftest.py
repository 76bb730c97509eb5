"""Before any test imports torch by itself: as the module imports it, patient on machines that do other things too."""

from LDRRegistrationLib.runtime.pytorch import importTorch

importTorch()
