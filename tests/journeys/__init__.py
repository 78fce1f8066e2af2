"""Whole tenders on a real running hall, and every way to cheat on what they left behind."""
