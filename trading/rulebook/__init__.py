"""The rulebook (规则库): law as data, the calendar of working days, statutory clocks, legal gates.

Everything here is pure. `book` reads the rules, `calendar` counts days, `clocks` computes due instants
and lights, `gates` checks a tender's plan against the rules.
"""
