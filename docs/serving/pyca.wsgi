# What mod_wsgi loads, and whatever else wants a file with an "application" in it.
from pyca.ui import app as application  # noqa: F401
