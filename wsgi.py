"""The program for production: `gunicorn wsgi:app`.

VOYAGENT_ENV defaults to `production`. In production, the program does not start without
VOYAGENT_AUTH_SECRET, and it does not start if a setting is on that is allowed only in development.
Without VOYAGENT_DB_URL, the program starts and logs an error, and only its health check and the
static files work.
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
