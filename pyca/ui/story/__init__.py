"""The story of one event: what happened when, what there is of it, what can be done."""
