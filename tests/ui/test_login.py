"""Logins: passwords, digests of them, those that are guessed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from pyca import passwords
from pyca.settings import Ui
from pyca.storage.database import Database
from pyca.ui.login import Logins, Visitor
from pyca.ui.throttle import PER_CLIENT, Throttle
from tests.ui.conftest import HandClock, Serve

FAR = {'REMOTE_ADDR': '192.0.2.7'}
OTHER = {'REMOTE_ADDR': '192.0.2.8'}
HERE = {'REMOTE_ADDR': '127.0.0.1'}


def tries(
    client: FlaskClient, count: int, name: str = 'admin', *, place: dict[str, str] = HERE, of: str = 'guess {}'
) -> list[int]:
    """The answers to so many different wrong passwords."""
    return [
        client.get('/status', auth=(name, of.format(number)), environ_base=place).status_code for number in range(count)
    ]


def enter(
    client: FlaskClient, place: dict[str, str] = HERE, login: tuple[str, str] = ('admin', 'secret')
) -> tuple[int, str | None]:
    answer = client.get('/status', auth=login, environ_base=place)
    return answer.status_code, answer.headers.get('Retry-After')


def test_failures_are_told_to_wait_by_all_workers(serve: Serve, clock: HandClock) -> None:
    first, second = serve(password='secret'), serve(password='secret')
    assert tries(first, 3) == [401] * 3
    assert tries(second, 2) == [401] * 2
    clock.time += 20
    for worker in (first, second):
        refused = worker.get('/status', auth=('admin', 'wrong'))
        assert (refused.status_code, refused.headers['Retry-After']) == (429, '40')
        assert 'WWW-Authenticate' not in refused.headers
    clock.time += 41
    assert tries(second, 6) == [401] * 5 + [429]


def test_a_right_password_is_never_locked_out_by_others(serve: Serve) -> None:
    first, second = serve(password='secret', viewer_password='look'), serve(password='secret')
    assert tries(first, 20)[-1] == 429
    assert tries(second, PER_CLIENT[0] + 10, place=FAR)[-1] == 429
    for worker in (first, second):
        for place in (HERE, OTHER):
            assert enter(worker, place) == (200, None)
    assert enter(first, HERE, ('viewer', 'look')) == (200, None)


def test_each_user_name_is_counted_by_itself(serve: Serve) -> None:
    client = serve(password='secret', viewer_password='look')
    assert tries(client, 6)[-1] == 429
    assert tries(client, 1, 'viewer') == [401]
    assert tries(client, 6, 'nobody') == [401] * 5 + [429]


def test_one_wrong_password_over_and_over_is_told_to_wait(serve: Serve) -> None:
    assert tries(serve(password='secret'), 6, of='old') == [401] * 5 + [429]


def test_a_client_that_guesses_on_and_on_is_not_listened_to(serve: Serve, clock: HandClock) -> None:
    client, worker = serve(password='secret'), serve(password='secret')
    tries(client, PER_CLIENT[0], place=FAR)
    assert enter(worker, FAR) == (429, '600')
    assert enter(worker, OTHER) == (200, None)
    clock.time += PER_CLIENT[1] + 1
    assert enter(worker, FAR) == (200, None)


def test_a_monitor_with_an_old_password_locks_nobody_out(serve: Serve) -> None:
    client = serve(password='secret')
    tries(client, PER_CLIENT[0] + 10, place=FAR, of='old')
    assert enter(client, FAR) == (200, None)


@pytest.mark.parametrize('headers', [{'X-Forwarded-For': '198.51.100.1'}, {'Via': '1.1 proxy'}])
def test_behind_a_proxy_that_is_not_known_nobody_is_locked_out(serve: Serve, headers: dict[str, str]) -> None:
    """All clients have its address then."""
    client = serve(password='secret')
    for number in range(PER_CLIENT[0] + 10):
        client.get('/status', auth=('admin', f'guess {number}'), headers=headers, environ_base=FAR)
    assert client.get('/status', auth=('admin', 'secret'), headers=headers, environ_base=FAR).status_code == 200


def test_behind_a_known_proxy_clients_are_told_apart(serve: Serve) -> None:
    client = serve(password='secret', proxies=1)

    def get(password: str, address: str) -> int:
        headers = {'X-Forwarded-For': f'10.9.9.9, {address}'}  # what a client says itself stands first
        return client.get('/status', auth=('admin', password), headers=headers).status_code

    for number in range(PER_CLIENT[0]):
        get(f'guess {number}', '198.51.100.1')
    assert get('secret', '198.51.100.1') == 429
    assert get('secret', '198.51.100.2') == 200


def test_neighbours_in_a_network_of_ipv6_count_as_one(serve: Serve) -> None:
    client = serve(password='secret')
    for number in range(PER_CLIENT[0]):
        place = {'REMOTE_ADDR': f'2001:db8::{number:x}'}
        client.get('/status', auth=('admin', f'guess {number}'), environ_base=place)
    assert enter(client, {'REMOTE_ADDR': '2001:db8::ffff'})[0] == 429
    assert enter(client, {'REMOTE_ADDR': '2001:db8:0:1::1'})[0] == 200


def test_asking_without_a_login_is_no_failure(serve: Serve) -> None:
    client = serve(password='secret')
    assert [client.get('/status').status_code for _ in range(20)] == [401] * 20


def test_guesses_wake_nobody_and_fill_nothing(serve: Serve, database: Database) -> None:
    client = serve(password='secret')
    enter(client)
    before = database.change()
    for number in range(300):
        client.get('/status', auth=(f'name {number}', 'x'))
    assert database.change() == before
    with database.read() as connection:
        rows = connection.exec_driver_sql('SELECT count(*) FROM pyca_login_failure').scalar()
    assert 0 < int(rows or 0) < 200


def test_made_up_names_do_not_keep_real_ones_from_being_counted(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    first, second = serve(password='secret', viewer_password='look'), serve(password='secret', viewer_password='look')
    for number in range(250):
        place = {'REMOTE_ADDR': f'2001:db8:0:{number:x}::1'}
        first.get('/status', auth=(f'name {number}', 'x'), environ_base=place)
    caplog.clear()
    for name in ('admin', 'viewer'):
        assert 429 in tries(second, 6, name, place=FAR)
        assert f'the last from {FAR["REMOTE_ADDR"]}' in caplog.text
    tries(first, PER_CLIENT[0], place=FAR)
    assert enter(second, FAR)[0] == 429
    for login in (('admin', 'secret'), ('viewer', 'look')):
        assert enter(second, OTHER, login) == (200, None)


def test_no_answer_tells_which_names_exist(serve: Serve) -> None:
    client = serve(password='secret', viewer_password='look')
    assert tries(client, 6, 'made up')[-1] == 429
    assert [tries(client, 1, name) for name in ('admin', 'viewer', 'made up as well')] == [[401]] * 3


def test_a_clock_that_was_set_back_does_not_keep_failures(serve: Serve, clock: HandClock) -> None:
    client = serve(password='secret')
    assert tries(client, 6)[-1] == 429
    clock.time -= 86_400
    assert tries(client, 1) == [401]


def test_without_a_database_logins_are_judged_all_the_same(serve: Serve, tmp_path: Path) -> None:
    client = serve(password='secret')
    (tmp_path / 'pyca.db').mkdir()
    assert tries(client, 7) == [401] * 7
    assert enter(client)[0] == 503  # let in; the page says that it can say nothing


def test_the_log_tells_of_guesses_once_without_the_name(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    tries(serve(password='secret'), 10, 'my-password-in-the-wrong-field', place=FAR)
    [said] = [record.getMessage() for record in caplog.records if record.name == 'pyca.ui.throttle']
    assert 'the last from 192.0.2.7' in said
    assert 'wrong-field' not in said


def test_digests_do_for_both_passwords(serve: Serve) -> None:
    admin, viewer = passwords.digest_of('sécret'), passwords.digest_of('look')
    client = serve(password=admin, viewer_password=viewer)
    assert enter(client, login=('admin', 'sécret'))[0] == 200
    assert enter(client, login=('viewer', 'look'))[0] == 200
    for login in (('admin', admin), ('admin', 'look'), ('viewer', 'sécret'), ('other', 'sécret'), ('admin', '')):
        assert enter(client, login=login)[0] in (401, 429)


def test_ten_viewers_with_a_digest_cost_nothing(serve: Serve) -> None:
    """One scrypt takes longer than all of these."""
    client = serve(password=passwords.digest_of('secret'))
    enter(client)
    began = time.process_time()
    passwords.matches(passwords.digest_of('secret'), 'secret')
    two = time.process_time() - began
    began = time.process_time()
    for _ in range(40):
        client.get('/nothing', auth=('admin', 'secret'))
    assert time.process_time() - began < 20 * two  # 40 of them would take as long


def test_who_is_called_viewer_may_do_what_the_password_allows(database: Database, clock: HandClock) -> None:
    ui = Ui(username='viewer', password='secret', viewer_password='look')
    logins = Logins(ui, Throttle(database, clock))
    assert logins.visitor('viewer', 'secret', '') == Visitor('viewer', may_change=True)
    assert logins.visitor('viewer', 'look', '') == Visitor('viewer', may_change=False)
