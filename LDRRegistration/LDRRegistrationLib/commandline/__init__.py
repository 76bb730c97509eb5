"""The options, output folder and failures of ``ldr-register``."""
