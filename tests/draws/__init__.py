"""Whole draws for the tests: a factory of ceremonies, mutations of them, and what must hold of many."""
