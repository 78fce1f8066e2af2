"""CMS containers for the plugins that sign, judge or stamp: signing, envelope checks, algorithms.

Not a plugin: it provides no port. Everything here computes and fetches nothing.
"""
