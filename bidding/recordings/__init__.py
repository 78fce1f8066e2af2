"""Recordings of openings and evaluations (开标评标音视频, Order 87 art. 39)."""
