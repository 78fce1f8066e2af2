from config.pauses import uneven


def test_pauses_are_uneven_and_stay_near_what_was_asked() -> None:
    pauses = [uneven(1.0) for _ in range(1000)]
    assert 0.5 <= min(pauses) < 0.7 and 1.3 < max(pauses) <= 1.5
    assert 0.9 < sum(pauses) / len(pauses) < 1.1
