"""What became of each recording, kept true in the database."""

from pyca.accounts.mirror import Accounts, Ledgers

__all__ = ['Accounts', 'Ledgers']
