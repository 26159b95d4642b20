"""The database: one module for each question asked of it."""
