"""Events one right after the other, as in a hall that is never empty."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable

from pyca.demo.standin import StandIn
from tests.program.agent import Agent, wait_for
from tests.program.machine import slept_through, spare
from tests.program.test_lecture import states

EVENTS, LENGTH = 40, 3
QUICK = f'{sys.executable} -I -S -c "import sys, time; open(sys.argv[1], chr(97)).write(chr(120)); time.sleep(2)"'


def test_forty_events_back_to_back_all_arrive_once(core: StandIn, make_agent: Callable[..., Agent]) -> None:
    agent = make_agent(capture={'command': f'{QUICK} {{{{dir}}}}/{{{{name}}}}.dat'})
    start = int(time.time() + 6 + spare())
    spans = [(start + LENGTH * number, start + LENGTH * (number + 1)) for number in range(EVENTS)]
    uids = [core.add_event(agent=agent.name, start=begin, end=end) for begin, end in spans]
    own = dict(zip(uids, spans, strict=True))
    agent.start()

    def told() -> bool:
        return all('upload_finished' in states(core, uid) or slept_through(*own[uid]) for uid in uids)

    wait_for(told, limit=EVENTS * LENGTH + 120)

    arrived = Counter(delivery.uid for delivery in core.deliveries)
    assert arrived == Counter(uid for uid in uids if arrived[uid] or not slept_through(*own[uid]))
    assert core.violations == []
    agent.stop()
    wait_for(agent.at_rest)
