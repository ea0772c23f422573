"""The application for `gunicorn wsgi:app` and `flask --app wsgi` in a checkout."""

from voyagent.__main__ import create_app

app = create_app()
