"""Measures how much load a KMS endpoint carries, on Locust, and says what that proves."""
