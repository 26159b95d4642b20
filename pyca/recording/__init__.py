"""The recorder: its command, its keeper, its folder."""
