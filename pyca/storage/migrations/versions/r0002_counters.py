"""The counters, beside them an index for lists by time.

What the tables know already is counted at once, the rest from the journals at the next start.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'

OUTCOMES = ('delivered', 'delivered with gaps', 'held', 'failed', 'missed')


INDEX = 'pyca_recorded_by_time'


def upgrade() -> None:
    """Make the table, with a row for each recording that is known."""
    tables = sa.inspect(op.get_bind())
    if INDEX not in {index['name'] for index in tables.get_indexes('recorded_event')}:
        op.create_index(INDEX, 'recorded_event', ['start', 'uid'])
    if 'pyca_count' in tables.get_table_names():
        return
    op.create_table(
        'pyca_count',
        sa.Column('name', sa.Text, primary_key=True),
        sa.Column('recorded', sa.BigInteger),
        sa.Column('uploaded', sa.BigInteger, nullable=False),
        sa.Column('restarts', sa.Integer, nullable=False),
        sa.Column('late', sa.Double),
        sa.Column('outcomes', sa.Integer, nullable=False),
    )
    bits = ' '.join(f"WHEN '{outcome}' THEN {1 << number}" for number, outcome in enumerate(OUTCOMES))
    op.execute(
        'INSERT INTO pyca_count (name, uploaded, restarts, outcomes)'
        f' SELECT name, max(sent), 0, max(CASE outcome {bits} ELSE 0 END) FROM pyca_recording GROUP BY name'
    )
