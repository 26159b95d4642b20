"""How gunicorn serves the web interface: `gunicorn --config=/etc/pyca/gunicorn.conf.py pyca.ui:app`.

Everything else that gunicorn can be told: https://docs.gunicorn.org/en/stable/settings.html
"""

import multiprocessing

# Where it listens. Only this machine can reach 127.0.0.1: let a web server with TLS stand before it (see
# docs/serving), or use '0.0.0.0:8000' in a network that you trust.
bind = '127.0.0.1:8000'

# The interface keeps no state in its processes, so that their number is free.
workers = multiprocessing.cpu_count()
