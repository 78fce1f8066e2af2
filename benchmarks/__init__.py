"""Measurements: ratios from one run on one machine (`make bench`)."""
