"""Run the WSGI server, waitress, within limits: what is too much is refused at once."""
