"""Work in threads."""

import threading

import pytest

from recollect.recall.model.side_by_side import side_by_side


def test_results_come_in_the_order_of_the_items():
    first_may_end = threading.Event()

    def work(item):
        if item == 0:
            assert first_may_end.wait(10)
        else:
            first_may_end.set()
        return item * 10

    assert side_by_side(work, [0, 1, 2]) == [0, 10, 20]
    assert side_by_side(work, []) == []


def test_what_goes_wrong_is_told():
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda item: 1 / item, [1, 0])
