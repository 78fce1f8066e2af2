"""The fault harness: a whole hall is hurt at named points of a tender, and must lose nothing (docs/faults.md)."""
