"""When the camera's automatics are switched off and on again."""

from appliance.sources._steady import BAD, GOOD, Steady

LIGHT, SHARP = 150.0, 0.2


def held() -> Steady:
    steady = Steady()
    verdicts = [steady.judge(True, LIGHT, SHARP) for _ in range(GOOD)]
    assert verdicts == [None] * (GOOD - 1) + ["hold"]
    assert steady.judge(True, LIGHT, SHARP) is None
    return steady


def test_good_pictures_in_a_row_hold_it() -> None:
    steady = Steady()
    for good in (True, True, False, True, True):
        assert steady.judge(good, LIGHT, SHARP) is None
    assert steady.judge(True, LIGHT, SHARP) == "hold"
    assert (steady.held, steady.light) == (True, LIGHT)


def test_several_bad_ones_in_a_row_let_it_go() -> None:
    for light, sharp in ((LIGHT / 3, SHARP), (LIGHT * 1.7, SHARP), (LIGHT, SHARP / 3)):
        steady = held()
        verdicts = [steady.judge(False, light, sharp) for _ in range(BAD)]
        assert verdicts == [None] * (BAD - 1) + ["free"]
        assert not steady.held


def test_a_passing_shadow_or_a_good_reading_in_between_does_not() -> None:
    steady = held()
    for _ in range(5):
        assert [steady.judge(False, 20, SHARP) for _ in range(BAD - 1)] == [None] * (BAD - 1)
        assert steady.judge(True, LIGHT, SHARP) is None
    for _ in range(20):
        assert steady.judge(False, LIGHT, SHARP) is None, "unreadable, but not for want of light or focus"


def test_it_is_found_again_after_that() -> None:
    steady = held()
    for _ in range(BAD):
        steady.judge(False, 10, SHARP)
    assert [steady.judge(True, 90, SHARP) for _ in range(GOOD)][-1] == "hold"
    assert steady.light == 90


def test_a_camera_that_does_not_tell_what_it_had_found_is_left_alone() -> None:
    steady = Steady()
    for _ in range(2):
        for _ in range(GOOD):
            verdict = steady.judge(True, LIGHT, SHARP)
        assert verdict == "hold"
        assert steady.judge(False, 255, SHARP) == "free", "it leapt at once"
    assert not any(steady.judge(True, LIGHT, SHARP) for _ in range(50))
