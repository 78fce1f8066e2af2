"""Calling the experts that a draw names (通知评委): what they are told, what their answers come to, and whether the
caller told the truth. Nobody in the hall calls: a device at the evaluation site does (config/site.py)."""
