"""KMS Instance API: protocol buffers on the dedicated gateway, signed with client keys."""
