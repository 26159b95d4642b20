"""The core: everything that speaks with Opencast."""
