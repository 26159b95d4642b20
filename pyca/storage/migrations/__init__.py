"""The history of the tables, for Alembic. Nothing here is imported while the database is up to date."""
