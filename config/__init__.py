"""Puts the hall together: application, settings, processes, command line. Imported by nothing below."""

import warnings

# Pyramid 2.1 still imports pkg_resources; the lock file keeps a setuptools that has it.
warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
# Machines without a login session have no runtime folder; the embedded database then takes one of its own.
warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
