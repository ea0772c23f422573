"""The program for production, as `gunicorn wsgi:app`.

VOYAGENT_ENV is `production` unless set, so the start is refused without the secret or with a development switch on. Without VOYAGENT_DB_URL it
starts, says so in the log, and answers for its own health only.
"""

from voyagent.factory import create_app
from voyagent.kernel.config import load_settings

app = create_app(load_settings())
