"""Shapes of Locust, to give beside the locustfile: ``-f load/locustfile.py,load/shapes/x.py``."""
