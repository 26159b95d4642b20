"""The pages for people: complete without a script, renewed in place with one."""
