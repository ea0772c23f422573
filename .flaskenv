# `flask demo` and the other commands act on this computer's own database; production says `flask --app wsgi`.
FLASK_APP=app
