"""The tables of the first release, whatever part of them is missing.

An existing installation brings four of them along; they are taken as they are.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None

INDEX = 'pyca_recorded_in_short'


def _event() -> list[sa.Column]:  # type: ignore[type-arg]
    return [
        sa.Column('uid', sa.Text, primary_key=True),
        sa.Column('start', sa.Integer, primary_key=True, autoincrement=False),
        sa.Column('end', sa.Integer, nullable=False),
        sa.Column('title', sa.Text),
        sa.Column('data', sa.LargeBinary, nullable=False),
        sa.Column('status', sa.Integer, nullable=False),
        sa.Column('tracks', sa.LargeBinary),
    ]


def upgrade() -> None:
    """Create the tables that are not there."""
    present = set(sa.inspect(op.get_bind()).get_table_names())
    for name, columns in (_old_tables() | _new_tables()).items():
        if name not in present:
            op.create_table(name, *columns, sqlite_autoincrement=name in ('pyca_report', 'pyca_order'))
    if 'pyca_report' not in present:
        op.create_index('ix_pyca_report_uid', 'pyca_report', ['uid'])
    if INDEX not in {index['name'] for index in sa.inspect(op.get_bind()).get_indexes('recorded_event')}:
        op.create_index(INDEX, 'recorded_event', ['status', 'start', 'uid'])


def _old_tables() -> dict[str, list[sa.Column]]:  # type: ignore[type-arg]
    return {
        'upcoming_event': _event(),
        'recorded_event': _event(),
        'service_states': [
            sa.Column('type', sa.Integer, primary_key=True, autoincrement=False),
            sa.Column('status', sa.Integer, nullable=False),
        ],
        'upstream_state': [
            sa.Column('url', sa.Text, primary_key=True),
            sa.Column('last_synced', sa.DateTime),
        ],
    }


def _new_tables() -> dict[str, list[sa.Column]]:  # type: ignore[type-arg]
    return {
        'pyca_recording': [
            sa.Column('uid', sa.Text, primary_key=True),
            sa.Column('start', sa.Integer, primary_key=True, autoincrement=False),
            sa.Column('name', sa.Text, nullable=False),
            sa.Column('phase', sa.Text, nullable=False),
            sa.Column('outcome', sa.Text),
            sa.Column('cause', sa.Text, nullable=False),
            sa.Column('attempts', sa.Integer, nullable=False),
            sa.Column('next_try', sa.Double),
            sa.Column('sent', sa.BigInteger, nullable=False),
            sa.Column('total', sa.BigInteger, nullable=False),
            sa.Column('said', sa.Text),
            sa.Column('flaws', sa.Text),
            sa.Column('gaps', sa.Integer),
            sa.Column('updated', sa.Double, nullable=False),
        ],
        'pyca_report': [
            sa.Column('id', sa.Integer, primary_key=True, autoincrement=True),
            sa.Column('uid', sa.Text, nullable=False),
            sa.Column('state', sa.Text, nullable=False),
            sa.Column('created', sa.Double, nullable=False),
        ],
        'pyca_service': [
            sa.Column('type', sa.Integer, primary_key=True, autoincrement=False),
            sa.Column('text', sa.Text, nullable=False),
            sa.Column('pid', sa.Integer, nullable=False),
            sa.Column('beat', sa.Double, nullable=False),
        ],
        'pyca_fault': [
            sa.Column('service', sa.Integer, primary_key=True, autoincrement=False),
            sa.Column('fault', sa.Text, primary_key=True),
            sa.Column('text', sa.Text, nullable=False),
            sa.Column('since', sa.Double, nullable=False),
        ],
        'pyca_memory': [
            sa.Column('key', sa.Text, primary_key=True),
            sa.Column('value', sa.LargeBinary, nullable=False),
        ],
        'pyca_login_failure': [
            sa.Column('kind', sa.Text, primary_key=True),
            sa.Column('key', sa.Text, primary_key=True),
            sa.Column('count', sa.Integer, nullable=False),
            sa.Column('since', sa.Double, nullable=False),
        ],
        'pyca_order': [
            sa.Column('id', sa.Integer, primary_key=True, autoincrement=True),
            sa.Column('uid', sa.Text, nullable=False),
            sa.Column('kind', sa.Text, nullable=False),
            sa.Column('details', sa.LargeBinary, nullable=False),
            sa.Column('created', sa.Double, nullable=False),
            sa.Column('state', sa.Text, nullable=False),
            sa.Column('answer', sa.Text, nullable=False),
        ],
        'pyca_change': [
            sa.Column('id', sa.Integer, primary_key=True, autoincrement=False),
            sa.Column('number', sa.BigInteger, nullable=False),
        ],
    }
