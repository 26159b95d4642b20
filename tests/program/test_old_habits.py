"""Commands, files and folders that sites have built upon, with the real program."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from pyca.demo.standin import StandIn
from tests.program.agent import MARK, PROMPT, MakeAgent, ScheduleEvent, wait_for
from tests.program.machine import punctual

SCRIPT = f"""#!/bin/sh
{{
    for word in "$@"; do printf '%s\\n' "$word"; done
    printf '%s\\n' "stdin=$(wc -c)" "cwd=$PWD" "mark=${MARK}"
}} > "$1/$2.dat"
exec sleep "$3"
"""


def delivered(core: StandIn, uid: str) -> bool:
    return 'upload_finished' in [state for _, state in core.recordings.get(uid, [])]


def test_a_script_sees_the_words_it_was_written_for(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    """Peers C11, H18: a folder with a blank took the command line apart."""
    agent = make_agent('hall 1 "east"')
    script = agent.folder / 'my rec.sh'
    script.write_text(SCRIPT)
    script.chmod(0o755)
    agent.sections['capture']['command'] = '"./my rec.sh" "{{dir}}" {{name}} {{time}} --title "a  b" $$HOME'
    uid = schedule(7, 4)
    agent.start()
    wait_for(lambda: delivered(core, uid), limit=120)

    words = core.deliveries[0].tracks[0].path.read_text().splitlines()
    name = f'recording-{int(core.events[uid].start)}-{uid}'
    assert words[:2] == [f'{agent.recordings}/{name}', name]
    assert punctual(core.events[uid].end - int(words[2]), core.events[uid].start, PROMPT)
    assert words[3:6] == ['--title', 'a  b', '$HOME']
    assert words[6:] == ['stdin=0', f'cwd={agent.folder}', f'mark={agent.folder}']


def test_a_command_that_is_done_early_is_neither_run_all_the_time_nor_uploaded_twice(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    """H3, H4, peers C25: it ran again each second, each run was uploaded, and the folder went with the first one."""
    agent = make_agent(
        capture={'command': 'sh -c "echo x > {{dir}}/{{name}}.dat; echo x >> {{dir}}/../../starts; sleep 1"'},
        ingest={'delete_after_upload': True},
    )
    core.archive_after = 0
    uid = schedule(7, 12)
    agent.start()
    wait_for(lambda: delivered(core, uid), limit=120)
    folder = agent.recordings / f'recording-{int(core.events[uid].start)}-{uid}'
    wait_for(lambda: not folder.exists(), limit=120)
    assert agent.stop() == 0

    assert len(core.deliveries) == 1
    assert core.deliveries[0].at > core.events[uid].end - 6
    assert len((agent.folder / 'starts').read_text().split()) <= 6
    with closing(sqlite3.connect(agent.folder / 'pyca.db')) as connection:
        ((status, tracks),) = connection.execute('SELECT status, tracks FROM recorded_event').fetchall()
    assert status == 7
    assert 'presenter/source' in [flavor for flavor, _ in json.loads(tracks)]
    assert {Path(path).parent for _, path in json.loads(tracks)} == {folder}


def test_a_person_uploads_what_a_backup_agent_recorded(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    """Peers C22: paused is never uploaded without a person, "finished recording" means upload now."""
    agent = make_agent(agent={'backup_mode': True})
    uid = schedule(6, 6)
    agent.start()
    database = agent.folder / 'pyca.db'

    def status() -> list[int]:
        with closing(sqlite3.connect(database, timeout=30)) as connection:
            return [number for (number,) in connection.execute('SELECT status FROM recorded_event')]

    wait_for(lambda: time.time() > core.events[uid].end and status() == [9])
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        connection.execute('UPDATE recorded_event SET status = 4')
    wait_for(lambda: status() == [7], limit=120)

    assert [delivery.uid for delivery in core.deliveries] == [uid]
    assert core.recordings.get(uid, []) == []


def test_without_any_configuration_nothing_is_recorded_anywhere(make_agent: MakeAgent) -> None:
    """H47: lectures would have gone to a public server."""
    agent = make_agent()
    child = agent.run_words()
    wait_for(lambda: 'Nothing is recorded' in agent.logged())
    assert child.poll() is None
    assert agent.stop(child) == 0
    assert not agent.recordings.exists() or list(agent.recordings.glob('recording-*')) == []
