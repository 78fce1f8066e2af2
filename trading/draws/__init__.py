"""Verifiable draws (随机抽取): `ebid-draw/1`, docs/protocols/draw.md.

One mechanism for every random choice of the hall: experts, ties, invited suppliers, lotteries, parameters.
"""
