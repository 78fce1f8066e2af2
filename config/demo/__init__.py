"""The demonstration (演示): its people, its tender, its clock. Nothing here runs in production."""
