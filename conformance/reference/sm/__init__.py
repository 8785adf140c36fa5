"""SM2 for the endpoint, in plain Python.

No library is complete and portable at once: `cryptography` has SM3 and SM4 but not SM2, and those
that have SM2 stop at 255 bytes of plaintext, check too little or have no wheels for many platforms.
"""
