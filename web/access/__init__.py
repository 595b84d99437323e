"""Decide who may call the service, how often, and from which pages."""
