"""Events one right after the other, as in a hall that is never empty."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable

from pyca.demo.standin import StandIn
from tests.program.agent import Agent, wait_for
from tests.program.test_lecture import states

EVENTS, LENGTH = 40, 3
QUICK = f'{sys.executable} -I -S -c "import sys, time; open(sys.argv[1], chr(97)).write(chr(120)); time.sleep(2)"'


def test_forty_events_back_to_back_all_arrive_once(core: StandIn, make_agent: Callable[..., Agent]) -> None:
    agent = make_agent(capture={'command': f'{QUICK} {{{{dir}}}}/{{{{name}}}}.dat'})
    start = int(time.time()) + 6
    spans = [(start + LENGTH * number, start + LENGTH * (number + 1)) for number in range(EVENTS)]
    uids = [core.add_event(agent=agent.name, start=begin, end=end) for begin, end in spans]
    agent.start()

    wait_for(lambda: all('upload_finished' in states(core, uid) for uid in uids), limit=EVENTS * LENGTH + 90)

    assert Counter(delivery.uid for delivery in core.deliveries) == Counter(uids)
    assert core.violations == []
    agent.stop()
    assert agent.processes() == []
