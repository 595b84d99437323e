"""Show operators what the service does: metrics, a log line for each request, traces."""
