"""Kinds of trade (交易类别): one folder each, data and a little code, nothing else edited."""
