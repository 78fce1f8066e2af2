"""The approval hall (审批大厅)."""
