import time
from types import ModuleType

import pytest

from benchmarks.speed.stages import watched


def module():
    made = ModuleType("made")
    made.inner = lambda: time.sleep(0.05)
    made.outer = lambda: (made.inner(), time.sleep(0.01))
    return made


def test_a_stage_is_not_charged_for_what_a_stage_inside_it_spends():
    made = module()
    with watched([(made, "outer"), (made, "inner")]) as spent:
        made.outer()
        made.outer()
    assert spent["inner"]["wall_s"] > 0.09
    assert spent["outer"]["wall_s"] < spent["inner"]["wall_s"]


def test_functions_are_themselves_again_afterwards_even_after_a_failure():
    made = module()
    made.failing = lambda: 1 / 0
    before = made.inner, made.failing
    with pytest.raises(ZeroDivisionError), watched([(made, "inner"), (made, "failing")]) as spent:
        made.failing()
    assert "failing" in spent
    assert (made.inner, made.failing) == before
