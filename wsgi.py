"""The program for production: `gunicorn wsgi:app`.

VOYAGENT_ENV is `production` unless it is set, so the start is refused without the secret or with a
development switch. Without VOYAGENT_DB_URL it starts, logs an error, and answers its own health
check only.
"""

import sys

from voyagent.factory import create_app
from voyagent.kernel.config import ConfigurationError, load_settings
from voyagent.kernel.database.start_checks import EXIT_CODE

try:
    app = create_app(load_settings())
except ConfigurationError as error:
    sys.stderr.write(f"Voyagent did not start: {error}\n")
    sys.exit(EXIT_CODE)
