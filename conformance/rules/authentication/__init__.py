"""Who may call: signatures, times, nonces, tokens, and how each failure is answered."""
