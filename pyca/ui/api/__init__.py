"""The JSON API: that of existing installations, with what is new beside it."""
