"""Every way out of the hall in the sealed period (密封期的每一扇门): a table, and what holds for each row."""
