"""The codes of the overview in English, without times: those are said beside."""

from __future__ import annotations

from collections.abc import Sequence

from pyca.ui.overview.model import Problem, Verdict

VERDICTS = {
    'recording': 'Recording. All well.',
    'recording_but': 'Recording, but {problem}.',
    'recorder_fails': 'An event is due, but its recorder fails. It is started again and again.',
    'ready': 'Ready.',
    'ready_idle': 'Ready. Nothing is scheduled.',
    'ready_but': 'Ready, but {problem}.',
    'not_ready': 'Not ready: {problem}.',
    'capture_stopped': 'Not ready: the capture service is not running, so nothing will be recorded.',
    'capture_stopped_recording': (
        'Unknown: the capture service is not running. A recording that it had begun may be going on by itself.'
    ),
}
PROBLEMS = {
    'program_missing': 'the program that records cannot be started',
    'folder_not_usable': 'the recordings folder cannot be used',
    'disk_full': 'the disk is full',
    'disk_short': 'the disk has room for {hours} h of recording only',
    'login_refused': 'the core refuses the login',
    'core_unreachable': 'the core cannot be reached',
    'calendar': 'the calendar of the core is not as it should be',
    'calendar_never': 'the calendar has never been fetched',
    'calendar_old': 'the calendar is out of date',
    'recorder': 'the recorder fails',
    'upload': 'uploads fail',
    'clock': 'the clock of this machine is wrong',
    'clock_offset': 'the clocks of this machine and of the core differ by {seconds} s',
    'database': 'the database cannot be used',
    'configuration': 'the agent is not configured',
    'capture_stopped': 'the capture service is not running',
    'schedule_stopped': 'the schedule service is not running',
    'ingest_stopped': 'the ingest service is not running',
    'agentstate_stopped': 'the agentstate service is not running',
    'held': 'recordings wait for a decision: {count}',
}
CONSEQUENCES = {
    'nothing_recorded': 'Nothing is recorded until this is mended.',
    'recordings_break_off': 'Recordings break off, or do not begin.',
    'recordings_may_break_off': 'Recordings may break off when the disk is full.',
    'core_out_of_reach': 'What is known already is recorded. Nothing new is heard of, nothing is uploaded.',
    'schedule_as_known': 'What is known already is recorded. Later changes of the schedule are not heard of.',
    'events_may_be_missing': 'Events may be missing, or be recorded at an old time.',
    'nothing_known': 'The agent does not know what to record.',
    'uploads_wait': 'Recordings stay here and are uploaded later.',
    'not_uploaded': 'These recordings stay here until a person decides.',
    'times_wrong': 'Recordings may begin and end at the wrong time.',
    'page_outdated': 'This page may show an old state.',
    'core_not_told': 'The core shows an old state of this agent.',
}
REMEDIES = {
    'install_program': 'Install the program, or correct "command" in [capture].',
    'mend_folder': 'Mount its disk, or correct its owner, or "directory" in [capture].',
    'make_room': 'Delete what is not needed any more.',
    'correct_login': 'Correct username, password or auth_method in [server].',
    'check_network': 'Check the network, and whether the core is running.',
    'check_calendar': 'Look at the event in the core; the text beside this names it.',
    'check_recorder': 'Look at the output of the recorder, in the story of the event.',
    'check_core': 'See the cause beside each upload.',
    'set_clock': 'Check the time synchronisation of this machine.',
    'check_database': 'Check "database" in [agent] and the disk that it lies on.',
    'correct_configuration': 'Set "url" in [server] to your core.',
    'start_service': 'Start the service again; its log says why it ended.',
    'decide': 'Look at the cause beside each, and press Retry or delete it.',
}


def verdict(said: Verdict, problems: Sequence[Problem]) -> str:
    worst = next((problem(one) for one in problems if one.code == said.values.get('problem')), '')
    return VERDICTS[said.code].format(problem=worst)


def problem(found: Problem) -> str:
    return PROBLEMS[found.code].format(**found.values)


def consequence(found: Problem) -> str:
    return CONSEQUENCES[found.consequence]


def remedy(found: Problem) -> str:
    return REMEDIES[found.remedy]
